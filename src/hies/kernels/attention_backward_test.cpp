#include <gtest/gtest.h>

#include <numeric>

#include "hies/base/error.h"
#include "hies/kernels/attention.h"
#include "hies/kernels/attention_cases.h"

namespace hies::kernels {
namespace {

using cases::Format;
using cases::Problem;
using cases::Solution;

// Compares gradients with central differences of Σ dout·out.
TEST(Attention, GradientsAreThoseOfTheForwardPass) {
  Problem problem = cases::random_problem({{6, 6}, {4, 11}}, 4, 2, 16, Format::float64, 16);
  problem.causal = true;
  problem.window = 5;
  problem.skip_head = {0, 0, 1, 0};
  const Solution solution = cases::through_kernels(problem);
  const auto loss = [&] {
    const std::vector<double> out = cases::through_kernels(problem).out;
    return std::inner_product(out.begin(), out.end(), problem.dout.begin(), 0.0);
  };
  struct Input {
    std::vector<double> Problem::*values;
    std::vector<double> Solution::*gradient;
  };
  for (const auto& [values, gradient] :
       {Input{&Problem::q, &Solution::dq}, {&Problem::k, &Solution::dk}, {&Problem::v, &Solution::dv}}) {
    for (std::size_t i = 0; i < (problem.*values).size(); i += 7) {
      const double value = (problem.*values)[i], step = 1e-5;
      (problem.*values)[i] = value + step;
      const double above = loss();
      (problem.*values)[i] = value - step;
      const double below = loss();
      (problem.*values)[i] = value;
      EXPECT_NEAR((solution.*gradient)[i], (above - below) / (2 * step), 1e-8) << i;
    }
  }
}

// Views of the numbers of a float64 problem.
struct Views {
  explicit Views(Problem& problem)
      : query_row(problem.heads * problem.head_dim), key_row(problem.kv_heads * problem.head_dim), head_dim(problem.head_dim) {
    q = queries(problem.q), k = keys(problem.k), v = keys(problem.v), dout = queries(problem.dout);
  }
  Strided queries(std::vector<double>& values) const { return {values.data(), query_row, head_dim}; }
  Strided keys(std::vector<double>& values) const { return {values.data(), key_row, head_dim}; }
  std::int64_t query_row, key_row, head_dim;
  Strided q, k, v, dout;
};

Problem two_heads_skipped() {
  Problem problem = cases::random_problem({{9, 9}, {40, 150}}, 4, 2, 16, Format::float64, 20);
  problem.skip_head = {0, 1, 1, 0};
  return problem;
}

TEST(AttentionForward, StatisticsAloneNeedNoValues) {
  Problem problem = two_heads_skipped();
  const Solution all = cases::through_kernels(problem);
  const Views views(problem);
  AttentionForward forward;
  forward.q = views.q, forward.k = views.k;
  forward.skip_head = problem.skip_head.data();
  std::vector<double> lse(all.lse.size()), entropy(all.entropy.size(), 1);
  forward.lse = lse.data();
  attention_forward(problem.shape(), forward);
  EXPECT_EQ(lse, all.lse);
  forward.lse = nullptr;
  forward.entropy = entropy.data();  // is added to
  attention_forward(problem.shape(), forward);
  for (std::size_t i = 0; i < entropy.size(); ++i) EXPECT_EQ(entropy[i], 1 + all.entropy[i]);
  EXPECT_EQ(entropy[1], 1);  // that of a skipped head is unchanged
}

TEST(AttentionForward, OutputAlone) {
  Problem problem = two_heads_skipped();
  const Views views(problem);
  AttentionForward forward;
  forward.q = views.q, forward.k = views.k, forward.v = views.v;
  forward.skip_head = problem.skip_head.data();
  std::vector<double> out(problem.q.size(), 7);
  forward.out = views.queries(out);
  attention_forward(problem.shape(), forward);
  EXPECT_EQ(out, cases::through_kernels(problem).out);
}

TEST(AttentionBackward, EachGradientAlone) {
  Problem problem = two_heads_skipped();
  Solution all = cases::through_kernels(problem);
  const Views views(problem);
  AttentionBackward backward;
  backward.q = views.q, backward.k = views.k, backward.v = views.v, backward.dout = views.dout;
  backward.out = views.queries(all.out);
  backward.lse = all.lse.data();
  backward.skip_head = problem.skip_head.data();
  for (const int wanted : {1, 2, 4, 3, 5, 6}) {
    std::vector<double> dq(all.dq.size(), 7), dk(all.dk.size(), 7), dv(all.dv.size(), 7);
    backward.dq = wanted & 1 ? views.queries(dq) : Strided();
    backward.dk = wanted & 2 ? views.keys(dk) : Strided();
    backward.dv = wanted & 4 ? views.keys(dv) : Strided();
    attention_backward(problem.shape(), backward);
    EXPECT_EQ(dq, wanted & 1 ? all.dq : std::vector<double>(dq.size(), 7));
    EXPECT_EQ(dk, wanted & 2 ? all.dk : std::vector<double>(dk.size(), 7));
    EXPECT_EQ(dv, wanted & 4 ? all.dv : std::vector<double>(dv.size(), 7));
  }
}

TEST(AttentionBackward, InnerProductsAloneNeedOnlyOutputs) {
  Problem problem = two_heads_skipped();
  Solution all = cases::through_kernels(problem);
  const Views views(problem);
  AttentionBackward backward;
  backward.out = views.queries(all.out), backward.dout = views.dout;
  backward.skip_head = problem.skip_head.data();
  std::vector<double> inner(all.inner.size(), 7);
  backward.head_inner = inner.data();
  attention_backward(problem.shape(), backward);
  EXPECT_EQ(inner, all.inner);
}

TEST(AttentionBackward, SkippedHeadsAreZero) {
  const Problem problem = two_heads_skipped();
  const Solution solution = cases::through_kernels(problem);
  for (std::int64_t row = 0; row < problem.query_tokens() * 4; ++row) {
    if (!problem.skips(row % 4)) continue;
    EXPECT_EQ(solution.inner[row], 0);
    EXPECT_EQ(solution.lse[row], -INFINITY);
    for (std::int64_t d = 0; d < 16; ++d) EXPECT_EQ(solution.out[row * 16 + d] + std::abs(solution.dq[row * 16 + d]), 0);
  }
}

TEST(Attention, WrongShapesAreBugs) {
  Problem problem = cases::random_problem({{3, 3}}, 2, 1, 16, Format::float32, 21);
  problem.window = 2;  // without causal
  EXPECT_THROW(cases::through_kernels(problem), Error);
  problem.window = 0;
  problem.kv_of_head = {0, 1};
  EXPECT_THROW(cases::through_kernels(problem), Error);
}

}  // namespace
}  // namespace hies::kernels
