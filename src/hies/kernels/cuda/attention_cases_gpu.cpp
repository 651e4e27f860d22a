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

// Rows [tokens, heads, D] from `column` on in rows of `width` elements; what nothing writes stays NaN.
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

std::int32_t longest(const std::vector<std::int64_t>& offsets) {
  std::int64_t most = 0;
  for (std::size_t b = 0; b + 1 < offsets.size(); ++b) most = std::max(most, offsets[b + 1] - offsets[b]);
  return static_cast<std::int32_t>(most);
}

// fused: queries, keys and values stand side by side in rows `gap` elements longer than they are, and so do their gradients.
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
  const OnDevice<std::int32_t> query_offsets(narrow(problem.query_offsets)), key_offsets(narrow(problem.key_offsets));
  const OnDevice<std::int32_t> kv_of_head(problem.kv_of_head);
  const OnDevice<std::uint8_t> skip(problem.skip_head);

  hies_cuda_shape shape{};
  shape.dtype = sizeof(T) == 4 ? HIES_CUDA_FLOAT32 : format == Format::bfloat16 ? HIES_CUDA_BFLOAT16 : HIES_CUDA_FLOAT16;
  shape.tf32 = format == Format::tf32;
  shape.sequences = static_cast<std::int32_t>(problem.sequences());
  shape.heads = static_cast<std::int32_t>(H), shape.kv_heads = static_cast<std::int32_t>(K);
  shape.head_dim = static_cast<std::int32_t>(D);
  shape.causal = problem.causal, shape.window = static_cast<std::int32_t>(problem.window);
  shape.scale = static_cast<float>(problem.scale);
  shape.longest_queries = longest(problem.query_offsets), shape.longest_keys = longest(problem.key_offsets);
  shape.query_tokens = Tq;
  shape.query_offsets = query_offsets.data(), shape.key_offsets = key_offsets.data(), shape.kv_of_head = kv_of_head.data();
  shape.skip_head = problem.skip_head.empty() ? nullptr : skip.data();

  const auto rows_in = [&](const Rows<T>& view, const OnDevice<T>& whole, const OnDevice<T>& own) {
    return view.view(fused ? whole : own);
  };
  const hies_cuda_forward forward{
      q.view(q_buffer), rows_in(k, q_buffer, k_buffer), rows_in(v, q_buffer, v_buffer), out.view(out_buffer), lse.data(),
      entropy.data()};
  check_call(plugin().attention_forward(&shape, &forward, nullptr), "testing");
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
  check_call(plugin().attention_backward(&shape, &backward, nullptr), "testing");

  Solution solution;
  const auto widened = [](const OnDevice<float>& values) {
    const std::vector<float> host = values.values();
    return std::vector<double>(host.begin(), host.end());
  };
  const std::vector<T> dq = dq_buffer.values();
  solution.out = out.take(out_buffer.values()), solution.dq = q.take(dq);
  solution.dk = k.take(fused ? dq : dk_buffer.values()), solution.dv = v.take(fused ? dq : dv_buffer.values());
  solution.lse = widened(lse), solution.inner = widened(inner);
  const std::size_t sums = static_cast<std::size_t>(problem.sequences() * H);
  const OnDevice<double> entropies{std::vector<double>(sums)}, inners{std::vector<double>(sums)},
      sizes{std::vector<double>(sums)};
  check_call(plugin().sequence_sums(entropy.data(), query_offsets.data(), shape.sequences, shape.heads, entropies.data(), nullptr,
                                    nullptr),
             "testing");
  check_call(plugin().sequence_sums(inner.data(), query_offsets.data(), shape.sequences, shape.heads, inners.data(), sizes.data(),
                                    nullptr),
             "testing");
  solution.entropy = entropies.values();
  const std::vector<double> sum = inners.values(), size = sizes.values();
  for (std::int64_t b = 0; b < problem.sequences(); ++b)
    for (std::int64_t head = 0; head < H; ++head) {
      double expected = 0, expected_size = 0;
      for (std::int64_t t = problem.query_offsets[b]; t < problem.query_offsets[b + 1]; ++t) {
        expected += solution.inner[t * H + head];
        expected_size += std::abs(solution.inner[t * H + head]);
      }
      EXPECT_NEAR(sum[b * H + head], expected, 1e-12 * (1 + expected_size));
      EXPECT_NEAR(size[b * H + head], expected_size, 1e-12 * (1 + expected_size));
    }
  return solution;
}

}  // namespace

Solution on_gpu(const Problem& problem, bool fused, std::int64_t gap) {
  const bool wide = problem.format == Format::float32 || problem.format == Format::tf32;
  return wide ? solve<float>(problem, fused, gap) : solve<std::uint16_t>(problem, fused, gap);
}

}  // namespace hies::kernels::cases
