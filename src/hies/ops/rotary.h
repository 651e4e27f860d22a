#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <ATen/ATen.h>

#include "hies/model/rope.h"

namespace hies::ops {

// Cosines and sines [rows, D/2] of the angles by which the rows of a hidden state are rotated: float32, and float64 for float64.
// Made as transformers makes them, operation by operation in float32 for every dtype and on the device that computes, so that they are
// equal to its own.
struct RopeAngles {
  at::Tensor cosine, sine;
  RopeAngles rows(const at::Tensor& indices) const { return {cosine.index_select(0, indices), sine.index_select(0, indices)}; }
};

// Returns the angles of rows at `positions` [rows]. `lengths` [rows]: tokens of the whole sequence that a row's token stands in, on
// which dynamic scaling depends.
RopeAngles rope_angles(const model::Rope& rope, std::int64_t head_dim, std::span<const std::int32_t> positions,
                       std::span<const std::int32_t> lengths, at::ScalarType type, at::Device device);

// Rotates `count` vectors of each row of x in its own memory: the i-th stands at x[row, i·step] … + head_dim-1. `back` rotates the
// other way, which is the gradient. Returns x.
at::Tensor rotate_(at::Tensor x, const RopeAngles& angles, std::int64_t count, std::int64_t step, bool back = false);

}  // namespace hies::ops
