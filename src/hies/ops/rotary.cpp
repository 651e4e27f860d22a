#include "hies/ops/rotary.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>

#include "hies/base/error.h"
#include "hies/kernels/cuda/plugin.h"
#include "hies/ops/cuda.h"
#include "hies/ops/rows.h"
#include "hies/ops/tensors.h"

namespace hies::ops {
namespace {

using model::Rope;
using model::RopeKind;

const at::TensorOptions kFloat32 = at::TensorOptions().dtype(at::kFloat);

// base^(2i/D), i = 0 … D/2-1.
template <class Base>
at::Tensor powers(const Base& base, std::int64_t head_dim) {
  return at::pow(base, at::arange(0, head_dim, 2, kFloat32) / static_cast<double>(head_dim));
}

at::Tensor llama3_frequencies(const Rope& rope, const at::Tensor& plain) {
  const double low_wavelength = rope.original_positions / rope.low_freq_factor;
  const double high_wavelength = rope.original_positions / rope.high_freq_factor;
  // Python divides a number by a tensor in these two steps, and rounds in both.
  const auto divided = [](double number, const at::Tensor& by) { return by.reciprocal() * number; };
  const at::Tensor wavelength = divided(2 * std::numbers::pi, plain);
  const at::Tensor stretched = at::where(wavelength > low_wavelength, plain / rope.factor, plain);
  const at::Tensor smooth =
      (divided(rope.original_positions, wavelength) - rope.low_freq_factor) / (rope.high_freq_factor - rope.low_freq_factor);
  const at::Tensor smoothed = (1 - smooth) * stretched / rope.factor + smooth * stretched;
  const at::Tensor medium = at::logical_and(wavelength >= high_wavelength, wavelength <= low_wavelength);
  return at::where(medium, smoothed, stretched);
}

at::Tensor yarn_frequencies(const Rope& rope, std::int64_t head_dim) {
  const auto dim = static_cast<double>(head_dim);
  const auto correction = [&](double rotations) {
    return dim * std::log(rope.original_positions / (rotations * 2 * std::numbers::pi)) / (2 * std::log(rope.theta));
  };
  double low = correction(rope.beta_fast), high = correction(rope.beta_slow);
  if (rope.truncate) {
    low = std::floor(low);
    high = std::ceil(high);
  }
  low = std::max(low, 0.0);
  high = std::min(high, dim - 1);
  if (low == high) high += 0.001;
  const at::Tensor ramp = at::clamp((at::arange(head_dim / 2, kFloat32) - low) / (high - low), 0, 1);
  const at::Tensor power = powers(rope.theta, head_dim);
  const at::Tensor extrapolated = 1.0 / power, interpolated = 1.0 / (rope.factor * power);
  const at::Tensor share = 1 - ramp;
  return interpolated * (1 - share) + extrapolated * share;
}

// The base of a sequence that is longer than the model was trained for, in float32 as transformers computes it from a tensor.
at::Tensor dynamic_base(const Rope& rope, std::int64_t head_dim, std::int32_t length) {
  const at::Tensor tokens = at::scalar_tensor(length, at::TensorOptions().dtype(at::kLong));
  const auto dim = static_cast<double>(head_dim);
  return rope.theta * at::pow(rope.factor * tokens / rope.original_positions - (rope.factor - 1), dim / (dim - 2));
}

// Inverse frequencies [D/2] float32.
at::Tensor frequencies(const Rope& rope, std::int64_t head_dim, std::int32_t length) {
  switch (rope.kind) {
    case RopeKind::yarn: return yarn_frequencies(rope, head_dim);
    case RopeKind::llama3: return llama3_frequencies(rope, 1.0 / powers(rope.theta, head_dim));
    case RopeKind::linear: return 1.0 / powers(rope.theta, head_dim) / rope.factor;
    case RopeKind::dynamic:
      if (length > rope.original_positions) return 1.0 / powers(dynamic_base(rope, head_dim, length), head_dim);
      break;
    case RopeKind::standard:
    case RopeKind::none: break;
  }
  return 1.0 / powers(rope.theta, head_dim);
}

template <class T, class Table>
void rotate_row(T* x, const Table* cosine, const Table* sine, std::int64_t half, bool back) {
  for (std::int64_t i = 0; i < half; ++i) {
    const auto a = static_cast<Table>(x[i]), b = static_cast<Table>(x[i + half]);
    const Table s = back ? -sine[i] : sine[i];
    x[i] = static_cast<T>(a * cosine[i] - b * s);
    x[i + half] = static_cast<T>(b * cosine[i] + a * s);
  }
}

template <class T, class Table>
void rotate_rows(const at::Tensor& x, const RopeAngles& angles, std::int64_t count, std::int64_t step, bool back) {
  const std::int64_t rows = x.size(0), half = angles.cosine.size(1), stride = x.stride(0);
  T* data = x.data_ptr<T>();
  const Table *cosine = angles.cosine.const_data_ptr<Table>(), *sine = angles.sine.const_data_ptr<Table>();
  for_each_row(rows, static_cast<double>(4 * rows * count * half), [&](std::int64_t row) {
    for (std::int64_t i = 0; i < count; ++i)
      rotate_row(data + row * stride + i * step, cosine + row * half, sine + row * half, half, back);
  });
}

}  // namespace

RopeAngles rope_angles(const Rope& rope, std::int64_t head_dim, std::span<const std::int32_t> positions,
                       std::span<const std::int32_t> lengths, at::ScalarType type, at::Device device) {
  at::Tensor angles;  // [rows, D/2] float32
  const at::Tensor places = to_device(index_tensor(positions), device).to(at::kFloat).unsqueeze(1);
  if (rope.kind != RopeKind::dynamic) {
    angles = places * to_device(frequencies(rope, head_dim, 0), device);
  } else {
    std::map<std::int32_t, at::Tensor> by_length;
    std::vector<at::Tensor> rows;
    for (const std::int32_t length : lengths) {
      at::Tensor& row = by_length[length];
      if (!row.defined()) row = frequencies(rope, head_dim, length);
      rows.push_back(row);
    }
    angles = places * to_device(at::stack(rows), device);
  }
  const auto table = type == at::kDouble ? at::kDouble : at::kFloat;
  return {(at::cos(angles) * rope.attention_factor).to(table), (at::sin(angles) * rope.attention_factor).to(table)};
}

at::Tensor rotate_(at::Tensor x, const RopeAngles& angles, std::int64_t count, std::int64_t step, bool back) {
  check(x.stride(1) == 1 && angles.cosine.size(0) == x.size(0), "rows to rotate and their angles differ");
  if (x.is_cuda()) {
    kernels::cuda::check_call(kernels::cuda::plugin().rotate(
                                  cuda_dtype(x.scalar_type()), x.data_ptr(), angles.cosine.const_data_ptr<float>(),
                                  angles.sine.const_data_ptr<float>(), x.size(0), x.stride(0), static_cast<std::int32_t>(count),
                                  step, static_cast<std::int32_t>(angles.cosine.size(1)), back, cuda_stream(x.device())),
                              "rotating");
    return x;
  }
  with_element_type(x.scalar_type(), [&](auto element, auto table) {
    rotate_rows<decltype(element), decltype(table)>(x, angles, count, step, back);
  });
  return x;
}

}  // namespace hies::ops
