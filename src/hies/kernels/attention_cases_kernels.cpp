#include <algorithm>
#include <cstdint>
#include <limits>

#include "hies/kernels/attention_cases.h"

namespace hies::kernels::cases {
namespace {

// A tensor [tokens, heads, D] in a buffer of wider rows, from `column` on.
template <class T>
struct Rows {
  std::vector<T>& buffer;
  std::int64_t tokens, heads, head_dim, width, column;
  Format format;

  Strided view() const { return {buffer.data() + column, width, head_dim}; }

  void set(const std::vector<double>& values) const {
    const std::int64_t row = heads * head_dim;
    for (std::int64_t i = 0; i < tokens * row; ++i) buffer[i / row * width + column + i % row] = stored<T>(values[i], format);
  }

  std::vector<double> get() const {
    const std::int64_t row = heads * head_dim;
    std::vector<double> values;
    for (std::int64_t i = 0; i < tokens * row; ++i) values.push_back(loaded(buffer[i / row * width + column + i % row], format));
    return values;
  }
};

// T is the type of the elements, Real that of the statistics.
template <class T, class Real>
Solution solve(const Problem& problem, bool fused) {
  const std::int64_t H = problem.heads, K = problem.kv_heads, D = problem.head_dim;
  const std::int64_t width = fused ? (H + 2 * K) * D + 3 : 0;  // + 3: rows are not aligned
  const std::int64_t Tq = problem.query_tokens(), Tk = problem.key_tokens(), longest = std::max(Tq, Tk);
  const T unset = stored<T>(std::numeric_limits<double>::quiet_NaN(), problem.format);
  std::vector<T> one(longest * (fused ? width : H * D), unset), two(fused ? 0 : Tk * K * D, unset), three(two), four(one),
      five(two), six(two), out_buffer(Tq * (H * D + 1), unset), dout_buffer(Tq * H * D);
  const Rows<T> q{one, Tq, H, D, fused ? width : H * D, 0, problem.format},
      dq{four, Tq, H, D, fused ? width : H * D, 0, problem.format};
  const Rows<T> k{fused ? one : two, Tk, K, D, fused ? width : K * D, fused ? H * D : 0, problem.format};
  const Rows<T> v{fused ? one : three, Tk, K, D, fused ? width : K * D, fused ? (H + K) * D : 0, problem.format};
  const Rows<T> dk{fused ? four : five, Tk, K, D, k.width, k.column, problem.format},
      dv{fused ? four : six, Tk, K, D, v.width, v.column, problem.format};
  const Rows<T> out{out_buffer, Tq, H, D, H * D + 1, 1, problem.format}, dout{dout_buffer, Tq, H, D, H * D, 0, problem.format};
  q.set(problem.q), k.set(problem.k), v.set(problem.v), dout.set(problem.dout);

  Solution solution;
  std::vector<Real> lse(Tq * H), inner(Tq * H);
  solution.entropy.assign(problem.sequences() * H, 0);
  solution.entropy_queries.assign(problem.sequences(), -1);
  AttentionForward forward;
  forward.q = q.view(), forward.k = k.view(), forward.v = v.view(), forward.out = out.view();
  forward.skip_head = problem.skip_head.empty() ? nullptr : problem.skip_head.data();
  forward.lse = lse.data();
  forward.entropy = solution.entropy.data();
  forward.entropy_queries = solution.entropy_queries.data();
  attention_forward(problem.shape(), forward);

  AttentionBackward backward;
  backward.q = q.view(), backward.k = k.view(), backward.v = v.view(), backward.out = out.view(), backward.dout = dout.view();
  backward.lse = lse.data();
  backward.skip_head = forward.skip_head;
  backward.dq = dq.view(), backward.dk = dk.view(), backward.dv = dv.view();
  backward.head_inner = inner.data();
  attention_backward(problem.shape(), backward);

  solution.out = out.get(), solution.dq = dq.get(), solution.dk = dk.get(), solution.dv = dv.get();
  solution.lse.assign(lse.begin(), lse.end()), solution.inner.assign(inner.begin(), inner.end());
  return solution;
}

}  // namespace

Solution through_kernels(const Problem& problem, bool fused) {
  switch (problem.format) {
    case Format::float32: return solve<float, float>(problem, fused);
    case Format::float64: return solve<double, double>(problem, fused);
    case Format::bfloat16: return solve<std::uint16_t, float>(problem, fused);
    default: return {};  // the CPU has no kernels for these
  }
}

}  // namespace hies::kernels::cases
