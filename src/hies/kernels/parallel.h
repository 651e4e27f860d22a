#pragma once

#include <cstdint>
#include <functional>

namespace hies::kernels {

// Calls work(item) once for each item 0 … count−1, on several threads and in no particular order. `multiply_adds` is the work of
// all items; if it is less than about 10 µs, the calling thread does it alone. Throws an exception that work threw, if any did.
void parallel_for(std::int64_t count, double multiply_adds, const std::function<void(std::int64_t)>& work);

// Lets waiting OpenMP threads sleep after a short spin, for a program that shares its cores. By default they spin for
// milliseconds, and one other busy process then slows everything down several times. It costs no time where nothing else runs. If
// OMP_WAIT_POLICY or GOMP_SPINCOUNT is set, nothing is changed. Works once per process, and creates threads that sleep until it
// ends.
void wait_asleep();

}  // namespace hies::kernels
