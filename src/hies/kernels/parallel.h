#pragma once

#include <cstdint>
#include <functional>

namespace hies::kernels {

// Calls work(item) once for each item 0 … count−1, on several threads in no particular order; where all items together are fewer
// than about 10 µs of work, on the calling thread alone. `multiply_adds`: of all items. Exceptions are passed on.
void parallel_for(std::int64_t count, double multiply_adds, const std::function<void(std::int64_t)>& work);

}  // namespace hies::kernels
