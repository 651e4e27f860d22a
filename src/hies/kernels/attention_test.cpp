#include "hies/kernels/attention.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "hies/kernels/attention_cases.h"
#include "hies/kernels/variant.h"

namespace hies::kernels {
namespace {

using cases::difference;
using cases::Format;
using cases::kTables;
using cases::largest;
using cases::Lengths;
using cases::Problem;
using cases::Solution;

// In float64 the error may be 1e-10 of the largest value; otherwise twice that of the naive computation in the same format.
void expect_accurate(const Problem& problem, const Solution& solution) {
  const Solution exact = cases::textbook(problem, false), plain = cases::textbook(problem, true);
  for (const auto& [name, values] : kTables) {
    const double error = difference(solution.*values, exact.*values);
    const bool by_scale = problem.format == Format::float64;
    const double allowed = by_scale ? 1e-10 * largest(exact.*values) : 2 * difference(plain.*values, exact.*values);
    EXPECT_LE(error, allowed) << name << ", D " << problem.head_dim << ", largest " << largest(exact.*values);
  }
}

std::vector<Lengths> mixed_lengths() {
  return {{1, 1}, {7, 7}, {200, 200}, {2, 2}, {16, 16}, {33, 33}, {64, 64}, {5, 5}, {130, 130}, {31, 31}, {3, 3}, {9, 9}};
}

// A format and the code of an instruction set.
struct Kind {
  Format format;
  const Variant* variant;
};

class OfKind : public testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    if (!GetParam().variant->supported()) GTEST_SKIP() << "this CPU has no " << GetParam().variant->name;
    use_variant(GetParam().variant);
  }
  void TearDown() override { use_variant(nullptr); }
  Format format() const { return GetParam().format; }
};

std::vector<Kind> kinds() {
  std::vector<Kind> result;
  for (const Variant* variant : variants())
    for (const Format format : {Format::float32, Format::float64, Format::bfloat16}) result.push_back({format, variant});
  return result;
}

std::string kind_name(const testing::TestParamInfo<Kind>& kind) {
  constexpr const char* kNames[] = {"float32_", "bfloat16_", "float64_"};
  return std::string(kNames[static_cast<int>(kind.param.format)]) + kind.param.variant->name;
}

INSTANTIATE_TEST_SUITE_P(Attention, OfKind, testing::ValuesIn(kinds()), kind_name);

TEST_P(OfKind, LengthsMayMix) {
  const Problem problem = cases::random_problem(mixed_lengths(), 3, 3, 32, format(), 1);
  expect_accurate(problem, cases::through_kernels(problem));
}

TEST_P(OfKind, EveryHeadSize) {
  for (const std::int64_t head_dim : {16, 24, 32, 40, 64, 80, 96, 128, 256}) {
    const Problem problem = cases::random_problem({{19, 19}, {70, 70}}, 2, 2, head_dim, format(), 2);
    expect_accurate(problem, cases::through_kernels(problem));
  }
}

TEST_P(OfKind, QueriesMayBeFewerOrMoreThanKeys) {
  for (const bool causal : {false, true}) {
    Problem problem = cases::random_problem({{1, 40}, {17, 150}, {3, 3}, {50, 20}, {1, 300}, {200, 150}}, 2, 2, 32, format(), 3);
    problem.causal = causal;
    expect_accurate(problem, cases::through_kernels(problem));
  }
}

TEST_P(OfKind, GroupedHeads) {
  for (const std::int64_t kv_heads : {1, 2, 4}) {
    Problem problem = cases::random_problem({{30, 30}, {90, 120}}, 4, kv_heads, 16, format(), 4);
    expect_accurate(problem, cases::through_kernels(problem));
    std::reverse(problem.kv_of_head.begin(), problem.kv_of_head.end());
    problem.kv_of_head.back() = problem.kv_of_head.front();  // uneven groups, one KV head perhaps unread
    expect_accurate(problem, cases::through_kernels(problem));
  }
}

TEST_P(OfKind, CausalWithAndWithoutWindow) {
  for (const std::int64_t window : {0, 1, 5, 64, 100}) {
    Problem problem = cases::random_problem({{1, 1}, {8, 8}, {65, 65}, {200, 200}, {30, 170}}, 2, 1, 24, format(), 5);
    problem.causal = true;
    problem.window = window;
    expect_accurate(problem, cases::through_kernels(problem));
  }
}

TEST_P(OfKind, RowsMayBeStrided) {
  Problem problem = cases::random_problem({{12, 12}, {100, 100}, {4, 20}}, 4, 2, 64, format(), 6);
  problem.skip_head = {0, 1, 0, 0};
  const Solution apart = cases::through_kernels(problem), fused = cases::through_kernels(problem, true);
  expect_accurate(problem, fused);
  for (const auto& [name, values] : kTables) EXPECT_EQ(difference(apart.*values, fused.*values), 0) << name;
}

TEST_P(OfKind, ScaleMayBeAnything) {
  for (const double scale : {0.7, 0.0, -0.3}) {
    Problem problem = cases::random_problem({{20, 20}, {75, 75}, {40, 40}, {50, 90}}, 4, 4, 16, format(), 7);
    problem.scale = scale;
    expect_accurate(problem, cases::through_kernels(problem));
  }
}

TEST_P(OfKind, SharpAttentionStaysAccurate) {
  for (const double sharpness : {10.0, 100.0}) {
    const Problem problem = cases::random_problem({{20, 20}, {150, 150}}, 2, 2, 64, format(), 8, sharpness);
    expect_accurate(problem, cases::through_kernels(problem));
  }
}

TEST_P(OfKind, LongSequences) {
  Problem problem = cases::random_problem({{1030, 1030}}, 2, 2, 16, format(), 9);
  for (const bool causal : {false, true}) {
    problem.causal = causal;
    expect_accurate(problem, cases::through_kernels(problem));
  }
}

TEST_P(OfKind, GroupingAndThreadsDoNotMatter) {
  Problem problem = cases::random_problem(mixed_lengths(), 4, 2, 32, format(), 10);
  problem.query_offsets.push_back(problem.query_offsets.back());  // and a sequence without tokens
  problem.key_offsets.push_back(problem.key_offsets.back());
  set_threads(1);
  const Solution whole = cases::through_kernels(problem);
  set_threads(5);
  const Solution threaded = cases::through_kernels(problem);
  Solution joined;
  for (std::int64_t first = 0; first < problem.sequences(); first += 5) {
    const Solution piece = cases::through_kernels(cases::part(problem, first, std::min(first + 5, problem.sequences())));
    for (const auto& [name, values] : kTables)
      (joined.*values).insert((joined.*values).end(), (piece.*values).begin(), (piece.*values).end());
  }
  set_threads(0);
  for (const auto& [name, values] : kTables) {
    EXPECT_EQ(difference(whole.*values, threaded.*values), 0) << name;
    EXPECT_EQ(difference(whole.*values, joined.*values), 0) << name;
  }
}

TEST_P(OfKind, OneTokenGetsItsOwnValue) {
  const Problem problem = cases::random_problem({{1, 1}}, 2, 2, 16, format(), 11);
  const Solution solution = cases::through_kernels(problem);
  EXPECT_EQ(solution.out, problem.v);
  EXPECT_EQ(solution.dv, problem.dout);
  EXPECT_EQ(solution.entropy, std::vector<double>({0, 0}));
  EXPECT_EQ(solution.entropy_queries, std::vector<std::int64_t>({0}));
}

TEST(Attention, CountsQueriesThatAttendToTwoKeys) {
  Problem problem = cases::random_problem({{1, 1}, {5, 5}, {5, 3}, {2, 9}}, 1, 1, 16, Format::float32, 12);
  EXPECT_EQ(cases::through_kernels(problem).entropy_queries, std::vector<std::int64_t>({0, 5, 5, 2}));
  problem.causal = true;
  EXPECT_EQ(cases::through_kernels(problem).entropy_queries, std::vector<std::int64_t>({0, 4, 2, 2}));
  problem.window = 1;
  EXPECT_EQ(cases::through_kernels(problem).entropy_queries, std::vector<std::int64_t>({0, 0, 0, 0}));
}

// A causal mask gives each row another number of keys.
TEST_P(OfKind, EntropyOfUniformAttentionIsOneAndOfOneHotZero) {
  Problem problem = cases::random_problem({{100, 100}, {8, 300}}, 2, 2, 16, format(), 13);
  problem.causal = true;
  const double tight = format() == Format::float64 ? 1e-14 : 1e-6;
  const std::vector<double> queries = {99, 99, 8, 8};

  Problem uniform = problem;
  std::fill(uniform.q.begin(), uniform.q.end(), 0);
  Solution solution = cases::through_kernels(uniform);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(solution.entropy[i] / queries[i], 1, tight);

  // Equal logits of ±1e4: uniform again.
  for (const double logit : {1e4, -1e4}) {
    std::fill(uniform.q.begin(), uniform.q.end(), 1);
    std::fill(uniform.k.begin(), uniform.k.end(), logit / 16);
    uniform.scale = 1;
    solution = cases::through_kernels(uniform);
    for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(solution.entropy[i] / queries[i], 1, tight);
    if (format() != Format::bfloat16) {
      EXPECT_NEAR(solution.lse[0], logit, 1e-3);
    }
  }

  // One key per sequence and head has the logit 1e4, all others −1e4. It is the first, so every query attends to it.
  for (const std::size_t offset : {0, 100}) {
    for (std::size_t i = 0; i < 32; ++i) uniform.k[offset * 32 + i] = 1e4 / 16;
  }
  solution = cases::through_kernels(uniform);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(solution.entropy[i], 0);
  for (std::size_t i = 0; i < 32; ++i) EXPECT_EQ(solution.out[99 * 32 + i], uniform.v[i]);
}

TEST_P(OfKind, HugeLogitsStayFinite) {
  Problem problem = cases::random_problem({{40, 40}, {100, 100}}, 2, 2, 16, format(), 14, 1e4);
  for (const bool causal : {false, true}) {
    problem.causal = causal;
    const Solution solution = cases::through_kernels(problem);
    for (const auto& [name, values] : kTables)
      for (const double value : solution.*values) ASSERT_TRUE(std::isfinite(value)) << name;
    for (const double value : solution.entropy) EXPECT_GE(value, 0);
  }
}

TEST(Attention, QueriesThatAttendToNothing) {
  Problem problem = cases::random_problem({{5, 2}, {3, 0}}, 1, 1, 16, Format::float32, 15);
  problem.causal = true;
  const Solution solution = cases::through_kernels(problem);
  expect_accurate(problem, solution);
  for (const std::size_t row : {0, 1, 2, 5, 6, 7}) {
    EXPECT_EQ(solution.lse[row], -INFINITY);
    for (std::size_t d = 0; d < 16; ++d) EXPECT_EQ(solution.out[row * 16 + d], 0);
  }
}

}  // namespace
}  // namespace hies::kernels
