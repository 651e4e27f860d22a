#pragma once

#include <cstdint>
#include <span>

#include <ATen/ATen.h>

namespace hies::ops {

// Returns Σ_b |g_b|/n_b and Σ_b g_b², as [2, F] in float64, of the gate gradients g_b = Σ of_gated · active [F] over the rows
// offsets[b] … offsets[b+1]-1 of each sequence b. `of_gated`: the gradient by what leaves the gates; `active`: what enters them; both
// [T, F], with rows behind the last sequence that are not read. `lengths` [B]: n_b.
at::Tensor gate_sums(const at::Tensor& of_gated, const at::Tensor& active, std::span<const std::int64_t> offsets,
                     std::span<const std::int64_t> lengths);

// Returns g_b of each sequence: [B, F] float64.
at::Tensor gate_gradients(const at::Tensor& of_gated, const at::Tensor& active, std::span<const std::int64_t> offsets);

}  // namespace hies::ops
