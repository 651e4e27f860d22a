#pragma once

#include <algorithm>
#include <cstdint>

#include <ATen/ATen.h>

#include "hies/base/error.h"
#include "hies/kernels/parallel.h"

namespace hies::ops {

// Calls visit(row) for each of `rows` rows, on all threads. `multiply_adds`: the work of all rows together.
template <class Visit>
void for_each_row(std::int64_t rows, double multiply_adds, const Visit& visit) {
  constexpr std::int64_t kRows = 16;
  kernels::parallel_for((rows + kRows - 1) / kRows, multiply_adds, [&](std::int64_t block) {
    for (std::int64_t row = block * kRows; row < std::min(rows, (block + 1) * kRows); ++row) visit(row);
  });
}

// Calls visit(element, sum) with a zero of the element type and one of the type that its sums are kept in.
template <class Visit>
auto with_element_type(at::ScalarType type, const Visit& visit) {
  switch (type) {
    case at::kDouble: return visit(double{}, double{});
    case at::kBFloat16: return visit(at::BFloat16{}, float{});
    default: check(type == at::kFloat, "rows in an unexpected dtype"); return visit(float{}, float{});
  }
}

}  // namespace hies::ops
