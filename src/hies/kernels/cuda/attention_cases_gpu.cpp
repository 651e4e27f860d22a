#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "hies/kernels/attention_cases.h"
#include "hies/kernels/cuda/device_cases.h"
#include "hies/kernels/cuda/plugin.h"

namespace hies::kernels::cases {
namespace {

using cuda::check_call;
using cuda::plugin;
using cuda::cases::OnDevice;

// Where a tensor [tokens, heads, D] is stored: in rows of `width` elements, from `column` on. Elements that belong to no tensor
// stay NaN.
template <class T>
struct Rows {
  std::int64_t tokens, heads, head_dim, width, column;
  Format format;

  void put(std::vector<T>& buffer, const std::vector<double>& values) const {
    const std::int64_t row = heads * head_dim;
    for (std::int64_t i = 0; i < tokens * row; ++i) buffer[i / row * width + column + i % row] = stored<T>(values[i], format);
  }
  std::vector<double> take(const std::vector<T>& buffer) const {
    const std::int64_t row = heads * head_dim;
    std::vector<double> values;
    for (std::int64_t i = 0; i < tokens * row; ++i) values.push_back(loaded(buffer[i / row * width + column + i % row], format));
    return values;
  }
  hies_cuda_rows view(const OnDevice<T>& buffer) const { return {buffer.data() + column, width, head_dim}; }
};

std::vector<std::int32_t> narrow(const std::vector<std::int64_t>& values) { return {values.begin(), values.end()}; }
std::vector<double> widened(const OnDevice<float>& values) {
  const std::vector<float> host = values.values();
  return {host.begin(), host.end()};
}

std::int32_t longest(const std::vector<std::int64_t>& offsets) {
  std::int64_t length = 0;
  for (std::size_t b = 0; b + 1 < offsets.size(); ++b) length = std::max(length, offsets[b + 1] - offsets[b]);
  return static_cast<std::int32_t>(length);
}

// The shape of a problem with its tables in device memory.
struct DeviceShape {
  OnDevice<std::int32_t> query_offsets, key_offsets, kv_of_head;
  OnDevice<std::uint8_t> skip;
  hies_cuda_shape shape{};

  explicit DeviceShape(const Problem& problem)
      : query_offsets(narrow(problem.query_offsets)),
        key_offsets(narrow(problem.key_offsets)),
        kv_of_head(problem.kv_of_head),
        skip(problem.skip_head) {
    shape.dtype = problem.format == Format::bfloat16  ? HIES_CUDA_BFLOAT16
                  : problem.format == Format::float16 ? HIES_CUDA_FLOAT16
                                                      : HIES_CUDA_FLOAT32;
    shape.tf32 = problem.format == Format::tf32;
    shape.sequences = static_cast<std::int32_t>(problem.sequences());
    shape.heads = static_cast<std::int32_t>(problem.heads), shape.kv_heads = static_cast<std::int32_t>(problem.kv_heads);
    shape.head_dim = static_cast<std::int32_t>(problem.head_dim);
    shape.causal = problem.causal, shape.window = static_cast<std::int32_t>(problem.window);
    shape.scale = static_cast<float>(problem.scale);
    shape.longest_queries = longest(problem.query_offsets), shape.longest_keys = longest(problem.key_offsets);
    shape.query_tokens = problem.query_tokens();
    shape.query_offsets = query_offsets.data(), shape.key_offsets = key_offsets.data(), shape.kv_of_head = kv_of_head.data();
    shape.skip_head = problem.skip_head.empty() ? nullptr : skip.data();
  }
};

// Returns the plug-in's sums [B, H] of `values` [Tq, H] over the sequences. If `expected`, the same values on the host, is given,
// checks them and the sums of absolute values against sums in float64.
std::vector<double> sequence_sums(const Problem& problem, const DeviceShape& device, const OnDevice<float>& values,
                                  const std::vector<double>* expected) {
  const std::vector<double> zeros(static_cast<std::size_t>(problem.sequences() * problem.heads));
  const OnDevice<double> sums(zeros), absolute_sums(zeros);
  check_call(plugin().sequence_sums(values.data(), device.shape.query_offsets, device.shape.sequences, device.shape.heads,
                                    sums.data(), expected == nullptr ? nullptr : absolute_sums.data(), nullptr),
             "testing");
  std::vector<double> result = sums.values();
  if (expected == nullptr) return result;
  const std::vector<double> absolute = absolute_sums.values();
  for (std::int64_t b = 0; b < problem.sequences(); ++b)
    for (std::int64_t head = 0; head < problem.heads; ++head) {
      double sum = 0, absolute_sum = 0;
      for (std::int64_t t = problem.query_offsets[b]; t < problem.query_offsets[b + 1]; ++t) {
        sum += (*expected)[t * problem.heads + head];
        absolute_sum += std::abs((*expected)[t * problem.heads + head]);
      }
      EXPECT_NEAR(result[b * problem.heads + head], sum, 1e-12 * (1 + absolute_sum));
      EXPECT_NEAR(absolute[b * problem.heads + head], absolute_sum, 1e-12 * (1 + absolute_sum));
    }
  return result;
}

// If `fused`, queries, keys and values share rows that are `gap` elements longer than needed, and so do their gradients.
template <class T>
Solution solve(const Problem& problem, bool fused, std::int64_t gap) {
  const std::int64_t H = problem.heads, K = problem.kv_heads, D = problem.head_dim;
  const std::int64_t Tq = problem.query_tokens(), Tk = problem.key_tokens(), width = (H + 2 * K) * D + gap;
  const Format format = problem.format;
  const T unset = stored<T>(std::nan(""), format);
  const Rows<T> q{Tq, H, D, fused ? width : H * D, 0, format}, k{Tk, K, D, fused ? width : K * D, fused ? H * D : 0, format};
  const Rows<T> v{Tk, K, D, k.width, fused ? (H + K) * D : 0, format}, out{Tq, H, D, H * D, 0, format};
  std::vector<T> first(fused ? std::max(Tq, Tk) * width : Tq * H * D, unset), second(fused ? 0 : Tk * K * D, unset);
  std::vector<T> third = second, rows(Tq * H * D, unset);
  const OnDevice<T> dq_buffer(first), dk_buffer(second), dv_buffer(third), out_buffer(rows);
  q.put(first, problem.q), k.put(fused ? first : second, problem.k), v.put(fused ? first : third, problem.v);
  out.put(rows, problem.dout);
  const OnDevice<T> q_buffer(first), k_buffer(second), v_buffer(third), dout_buffer(rows);
  const std::vector<float> nan(Tq * H, NAN);
  const OnDevice<float> lse(nan), entropy(nan), inner(nan);
  const DeviceShape device(problem);
  const auto rows_in = [&](const Rows<T>& view, const OnDevice<T>& whole, const OnDevice<T>& own) {
    return view.view(fused ? whole : own);
  };
  const hies_cuda_forward forward{
      q.view(q_buffer), rows_in(k, q_buffer, k_buffer), rows_in(v, q_buffer, v_buffer), out.view(out_buffer), lse.data(),
      entropy.data()};
  check_call(plugin().attention_forward(&device.shape, &forward, nullptr), "testing");
  const hies_cuda_backward backward{forward.q,
                                    forward.k,
                                    forward.v,
                                    forward.out,
                                    out.view(dout_buffer),
                                    q.view(dq_buffer),
                                    rows_in(k, dq_buffer, dk_buffer),
                                    rows_in(v, dq_buffer, dv_buffer),
                                    lse.data(),
                                    inner.data()};
  check_call(plugin().attention_backward(&device.shape, &backward, nullptr), "testing");

  Solution solution;
  const std::vector<T> dq = dq_buffer.values();
  solution.out = out.take(out_buffer.values()), solution.dq = q.take(dq);
  solution.dk = k.take(fused ? dq : dk_buffer.values()), solution.dv = v.take(fused ? dq : dv_buffer.values());
  solution.lse = widened(lse), solution.inner = widened(inner);
  solution.entropy = sequence_sums(problem, device, entropy, nullptr);
  sequence_sums(problem, device, inner, &solution.inner);
  return solution;
}

}  // namespace

Solution on_gpu(const Problem& problem, bool fused, std::int64_t gap) {
  const bool wide = problem.format == Format::float32 || problem.format == Format::tf32;
  return wide ? solve<float>(problem, fused, gap) : solve<std::uint16_t>(problem, fused, gap);
}

}  // namespace hies::kernels::cases
