// GFLOP/s of attention on one thread, heads of the usual sizes, short and long sequences. Each case's answer is checked first.
#include <cmath>
#include <cstdio>

#include <benchmark/benchmark.h>

#include "hies/kernels/attention_cases.h"

namespace hies::kernels {
namespace {

constexpr std::int64_t kHeads = 12;

cases::Problem problem_of(std::int64_t tokens, std::int64_t head_dim, std::int64_t all_tokens) {
  const auto sequences = static_cast<std::size_t>(std::max<std::int64_t>(all_tokens / tokens, 1));
  return cases::random_problem(std::vector<cases::Lengths>(sequences, {tokens, tokens}), kHeads, kHeads, head_dim, DType::float32,
                               1);
}

double largest_difference(const std::vector<double>& a, const std::vector<double>& b) {
  double result = 0;
  for (std::size_t i = 0; i < a.size(); ++i) result = std::max(result, std::abs(a[i] - b[i]));
  return result;
}

// One sequence of this kind against the textbook way in float64.
bool is_right(std::int64_t tokens, std::int64_t head_dim) {
  const cases::Problem problem = problem_of(std::min<std::int64_t>(tokens, 300), head_dim, 1);
  const cases::Solution exact = cases::textbook(problem, false), found = cases::through_kernels(problem);
  double error = 0;
  for (const auto table : {&cases::Solution::out, &cases::Solution::dq, &cases::Solution::dk, &cases::Solution::dv})
    error = std::max(error, largest_difference(found.*table, exact.*table));
  return error < 1e-5 && largest_difference(found.entropy, exact.entropy) < 1e-5 * static_cast<double>(tokens);
}

struct Buffers {
  explicit Buffers(const cases::Problem& problem)
      : q(problem.q.begin(), problem.q.end()),
        k(problem.k.begin(), problem.k.end()),
        v(problem.v.begin(), problem.v.end()),
        dout(problem.dout.begin(), problem.dout.end()),
        out(q.size()),
        dq(q.size()),
        dk(q.size()),
        dv(q.size()),
        lse(problem.query_tokens() * kHeads),
        inner(lse.size()),
        entropy(problem.sequences() * kHeads) {
    const auto view = [&](std::vector<float>& values) {
      return Strided{values.data(), kHeads * problem.head_dim, problem.head_dim};
    };
    forward.q = backward.q = view(q), forward.k = backward.k = view(k), forward.v = backward.v = view(v);
    forward.out = backward.out = view(out), backward.dout = view(dout);
    backward.dq = view(dq), backward.dk = view(dk), backward.dv = view(dv);
    backward.lse = forward.lse = lse.data();
    backward.head_inner = inner.data();
    forward.entropy = entropy.data();
  }

  std::vector<float> q, k, v, dout, out, dq, dk, dv, lse, inner;
  std::vector<double> entropy;
  AttentionForward forward;
  AttentionBackward backward;
};

void attention(benchmark::State& state, bool backward) {
  const std::int64_t tokens = state.range(0), head_dim = state.range(1);
  if (!is_right(tokens, head_dim)) {
    state.SkipWithError("wrong answer");
    return;
  }
  set_threads(static_cast<int>(state.range(2)));
  const cases::Problem problem = problem_of(tokens, head_dim, 2048);
  const AttentionShape shape = problem.shape();
  Buffers buffers(problem);
  attention_forward(shape, buffers.forward);
  for (auto _ : state) {
    if (backward) {
      attention_backward(shape, buffers.backward);
    } else {
      attention_forward(shape, buffers.forward);
    }
    benchmark::ClobberMemory();
  }
  set_threads(0);
  const auto pairs = static_cast<double>(tokens * tokens * problem.sequences() * kHeads * head_dim);
  state.counters["FLOP/s"] = benchmark::Counter(pairs * (backward ? 10 : 4), benchmark::Counter::kIsIterationInvariantRate);
}

BENCHMARK_CAPTURE(attention, forward, false)
    ->ArgNames({"tokens", "head_dim", "threads"})
    ->ArgsProduct({{8, 20, 32, 64, 128, 512, 2048}, {16, 32, 64, 128}, {1}});
BENCHMARK_CAPTURE(attention, backward, true)
    ->ArgNames({"tokens", "head_dim", "threads"})
    ->ArgsProduct({{8, 20, 32, 64, 128, 512, 2048}, {16, 32, 64, 128}, {1}});
BENCHMARK_CAPTURE(attention, forward, false)->ArgNames({"tokens", "head_dim", "threads"})->ArgsProduct({{8, 32, 128}, {32}, {0}});

}  // namespace
}  // namespace hies::kernels

BENCHMARK_MAIN();
