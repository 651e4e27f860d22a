#pragma once

#include <cstdint>
#include <functional>

namespace hies::kernels {

// Calls work(item) once for each item 0 … count−1, on several threads in no particular order. Exceptions are passed on.
void parallel_for(std::int64_t count, const std::function<void(std::int64_t)>& work);

}  // namespace hies::kernels
