#pragma once

#include <cstdint>
#include <functional>

namespace hies::kernels {

// Calls work(item) once for each item 0 … count−1, on several threads in no particular order; where all items together are fewer
// than about 10 µs of work, on the calling thread alone. `multiply_adds`: of all items. Exceptions are passed on.
void parallel_for(std::int64_t count, double multiply_adds, const std::function<void(std::int64_t)>& work);

// Makes OpenMP's threads go to sleep soon when they wait, for a program that may share its cores: by default they spin for
// milliseconds, and one other busy process then makes everything several times as slow. Costs no time where nothing else runs. Leaves
// it to OMP_WAIT_POLICY and GOMP_SPINCOUNT where they are set. Once per process; creates threads that sleep until it ends.
void wait_asleep();

}  // namespace hies::kernels
