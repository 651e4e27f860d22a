#include "hies/ops/gate_sums.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "hies/kernels/parallel.h"

namespace hies::ops {
namespace {

constexpr std::int64_t kColumns = 64;  // of a block: its sums stay in the first-level cache

// The sums of `columns` neurons from `first`, in float64: `sums` [2, F].
template <class T>
void sum_block(const T* of_gated, const T* active, std::int64_t width, std::int64_t first, std::int64_t columns,
               std::span<const std::int64_t> offsets, std::span<const std::int64_t> lengths, double* sums) {
  std::array<double, kColumns> gradient;
  for (std::size_t b = 0; b < lengths.size(); ++b) {
    gradient.fill(0);
    for (std::int64_t row = offsets[b]; row < offsets[b + 1]; ++row) {
      const T *of = of_gated + row * width + first, *a = active + row * width + first;
      for (std::int64_t i = 0; i < columns; ++i)
        gradient[static_cast<std::size_t>(i)] += static_cast<double>(of[i]) * static_cast<double>(a[i]);
    }
    for (std::int64_t i = 0; i < columns; ++i) {
      const double g = gradient[static_cast<std::size_t>(i)];
      sums[first + i] += std::abs(g) / static_cast<double>(lengths[b]);
      sums[width + first + i] += g * g;
    }
  }
}

template <class T>
at::Tensor sums_on_cpu(const at::Tensor& of_gated, const at::Tensor& active, std::span<const std::int64_t> offsets,
                       std::span<const std::int64_t> lengths) {
  const std::int64_t width = active.size(1), blocks = (width + kColumns - 1) / kColumns;
  at::Tensor sums = at::zeros({2, width}, at::TensorOptions().dtype(at::kDouble));
  double* to = sums.data_ptr<double>();
  const T *of = of_gated.const_data_ptr<T>(), *a = active.const_data_ptr<T>();
  kernels::parallel_for(blocks, static_cast<double>(active.numel()), [&](std::int64_t block) {
    const std::int64_t first = block * kColumns;
    sum_block(of, a, width, first, std::min(kColumns, width - first), offsets, lengths, to);
  });
  return sums;
}

at::Tensor sums_on_gpu(const at::Tensor& of_gated, const at::Tensor& active, std::span<const std::int64_t> offsets,
                       std::span<const std::int64_t> lengths) {
  const at::ScalarType type = active.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
  const at::Tensor products = of_gated.to(type).mul(active);
  at::Tensor sums = at::zeros({2, active.size(1)}, active.options().dtype(at::kDouble));
  at::Tensor absolute = sums.select(0, 0), squares = sums.select(0, 1);
  for (std::size_t b = 0; b < lengths.size(); ++b) {
    const at::Tensor gradient = products.narrow(0, offsets[b], offsets[b + 1] - offsets[b]).sum(0).to(at::kDouble);
    absolute.add_(gradient.abs(), 1 / static_cast<double>(lengths[b]));
    squares.addcmul_(gradient, gradient);
  }
  return sums;
}

}  // namespace

at::Tensor gate_sums(const at::Tensor& of_gated, const at::Tensor& active, std::span<const std::int64_t> offsets,
                     std::span<const std::int64_t> lengths) {
  if (!active.is_cpu()) return sums_on_gpu(of_gated, active, offsets, lengths);
  const at::Tensor of = of_gated.contiguous(), a = active.contiguous();
  switch (a.scalar_type()) {
    case at::kDouble: return sums_on_cpu<double>(of, a, offsets, lengths);
    case at::kBFloat16: return sums_on_cpu<at::BFloat16>(of, a, offsets, lengths);
    default: return sums_on_cpu<float>(of, a, offsets, lengths);
  }
}

at::Tensor gate_gradients(const at::Tensor& of_gated, const at::Tensor& active, std::span<const std::int64_t> offsets) {
  const auto sequences = static_cast<std::int64_t>(offsets.size()) - 1;
  at::Tensor gradients = at::empty({sequences, active.size(1)}, active.options().dtype(at::kDouble));
  for (std::int64_t b = 0; b < sequences; ++b) {
    const std::int64_t first = offsets[static_cast<std::size_t>(b)], count = offsets[static_cast<std::size_t>(b) + 1] - first;
    gradients.select(0, b).copy_(of_gated.narrow(0, first, count).to(at::kDouble).mul(active.narrow(0, first, count)).sum(0));
  }
  return gradients;
}

}  // namespace hies::ops
