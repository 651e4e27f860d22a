#include <cmath>

#include "hies/ops/norm.h"
#include "hies/ops/rows.h"

namespace hies::ops {
namespace {

// Returns Σ term(i), i = 0 … count-1, in several partial sums: a compiler may then use vector instructions, and rounding stays small.
template <class Sum, class Term>
Sum sum_of(std::int64_t count, const Term& term) {
  constexpr std::int64_t kParts = 16;
  Sum parts[kParts] = {};
  std::int64_t i = 0;
  for (; i + kParts <= count; i += kParts)
    for (std::int64_t j = 0; j < kParts; ++j) parts[j] += term(i + j);
  for (; i < count; ++i) parts[0] += term(i);
  Sum sum = 0;
  for (const Sum part : parts) sum += part;
  return sum;
}

// Returns 1 / √(mean x² + epsilon).
template <class Sum, class T>
Sum scale_of(const T* x, std::int64_t width, double epsilon) {
  const Sum squares = sum_of<Sum>(width, [x](std::int64_t i) {
    const auto value = static_cast<Sum>(x[i]);
    return value * value;
  });
  return Sum{1} / std::sqrt(squares / static_cast<Sum>(width) + static_cast<Sum>(epsilon));
}

template <class T, class Sum>
at::Tensor normalise(const at::Tensor& x, const at::Tensor& weight, double epsilon) {
  at::Tensor result = at::empty_like(x);
  const std::int64_t width = x.size(-1);
  const T *from = x.const_data_ptr<T>(), *factor = weight.const_data_ptr<T>();
  T* to = result.data_ptr<T>();
  for_each_row(x.numel() / width, static_cast<double>(2 * x.numel()), [&](std::int64_t row) {
    const T* in = from + row * width;
    T* out = to + row * width;
    const Sum scale = scale_of<Sum>(in, width, epsilon);
    for (std::int64_t i = 0; i < width; ++i)
      out[i] = static_cast<T>(static_cast<Sum>(in[i]) * scale * static_cast<Sum>(factor[i]));
  });
  return result;
}

// With y = x·s·w and s = (Σx²/n + ε)^-½:  dx = s·(w·dy − x·s²·mean(x·w·dy)).
template <class T, class Sum>
at::Tensor gradient_of(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& of_result, double epsilon) {
  at::Tensor result = at::empty_like(x);
  const std::int64_t width = x.size(-1);
  const T *from = x.const_data_ptr<T>(), *factor = weight.const_data_ptr<T>(), *above = of_result.const_data_ptr<T>();
  T* to = result.data_ptr<T>();
  for_each_row(x.numel() / width, static_cast<double>(2 * x.numel()), [&](std::int64_t row) {
    const T *in = from + row * width, *of_out = above + row * width;
    T* out = to + row * width;
    const Sum scale = scale_of<Sum>(in, width, epsilon);
    const Sum product = sum_of<Sum>(width, [&](std::int64_t i) {
      return static_cast<Sum>(in[i]) * static_cast<Sum>(factor[i]) * static_cast<Sum>(of_out[i]);
    });
    const Sum shared = scale * scale * product / static_cast<Sum>(width);
    for (std::int64_t i = 0; i < width; ++i)
      out[i] =
          static_cast<T>(scale * (static_cast<Sum>(factor[i]) * static_cast<Sum>(of_out[i]) - static_cast<Sum>(in[i]) * shared));
  });
  return result;
}

}  // namespace

at::Tensor rms_norm_cpu(const Norm& norm, const at::Tensor& x) {
  return with_element_type(x.scalar_type(), [&](auto element, auto sum) {
    return normalise<decltype(element), decltype(sum)>(x, norm.weight, norm.epsilon);
  });
}

at::Tensor rms_norm_gradient_cpu(const Norm& norm, const at::Tensor& x, const at::Tensor& of_result) {
  return with_element_type(x.scalar_type(), [&](auto element, auto sum) {
    return gradient_of<decltype(element), decltype(sum)>(x, norm.weight, of_result, norm.epsilon);
  });
}

}  // namespace hies::ops
