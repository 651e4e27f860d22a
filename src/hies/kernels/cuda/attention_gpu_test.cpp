#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "hies/kernels/attention_cases.h"

// The plug-in's attention against a float64 reference. Its error may be twice that of a naive computation in the same dtype.
namespace hies::kernels::cuda {
namespace {

using kernels::cases::difference;
using kernels::cases::Format;
using kernels::cases::kTables;
using kernels::cases::largest;
using kernels::cases::Lengths;
using kernels::cases::on_gpu;
using kernels::cases::Problem;
using kernels::cases::Solution;

// The allowed error where the exact values are all 0 (gradients of logits where every query attends to one key). The naive
// computation subtracts equal numbers there; the kernels compute the same inner product in two ways, which may round differently.
constexpr double kRounding = 1e-5;

void expect_close(const char* name, const std::vector<double>& values, const std::vector<double>& exact,
                  const std::vector<double>& plain, const Problem& problem) {
  const double size = largest(exact), allowed = size == 0 ? kRounding : 2 * difference(plain, exact);
  EXPECT_LE(difference(values, exact), allowed) << name << ", D " << problem.head_dim << ", largest " << size;
}

void expect_accurate(const Problem& problem, const Solution& solution) {
  const Solution exact = kernels::cases::textbook(problem, false), plain = kernels::cases::textbook(problem, true);
  for (const auto& [name, values] : kTables) expect_close(name, solution.*values, exact.*values, plain.*values, problem);
}

class OnGpu : public testing::TestWithParam<Format> {};
constexpr const char* kFormatNames[] = {"float32", "bfloat16", "float64", "float16", "tf32"};
INSTANTIATE_TEST_SUITE_P(Attention, OnGpu, testing::Values(Format::float32, Format::tf32, Format::bfloat16, Format::float16),
                         [](const auto& format) { return std::string(kFormatNames[static_cast<int>(format.param)]); });

std::vector<Lengths> mixed_lengths() {
  return {{1, 1}, {7, 7}, {200, 200}, {2, 2}, {16, 16}, {33, 33}, {64, 64}, {5, 5}, {130, 130}, {129, 129}, {3, 3}, {128, 128}};
}

TEST_P(OnGpu, LengthsMayMix) {
  const Problem problem = kernels::cases::random_problem(mixed_lengths(), 3, 3, 64, GetParam(), 1);
  expect_accurate(problem, on_gpu(problem));
}

TEST_P(OnGpu, EveryHeadSize) {
  for (const std::int64_t head_dim : {16, 20, 24, 32, 33, 40, 64, 80, 96, 128, 256}) {
    const Problem problem = kernels::cases::random_problem({{19, 19}, {140, 140}}, 2, 2, head_dim, GetParam(), 2);
    expect_accurate(problem, on_gpu(problem));
  }
}

TEST_P(OnGpu, QueriesMayBeFewerOrMoreThanKeys) {
  for (const bool causal : {false, true}) {
    Problem problem = kernels::cases::random_problem({{1, 40}, {17, 150}, {3, 3}, {50, 20}, {1, 300}, {200, 150}, {3, 0}}, 2, 2,
                                                     32, GetParam(), 3);
    problem.causal = causal;
    expect_accurate(problem, on_gpu(problem));
  }
}

TEST_P(OnGpu, GroupedHeads) {
  for (const std::int64_t kv_heads : {1, 2, 4}) {
    Problem problem = kernels::cases::random_problem({{30, 30}, {90, 120}}, 4, kv_heads, 128, GetParam(), 4);
    problem.causal = true;
    expect_accurate(problem, on_gpu(problem));
    std::reverse(problem.kv_of_head.begin(), problem.kv_of_head.end());
    problem.kv_of_head.back() = problem.kv_of_head.front();  // uneven groups, one KV head perhaps unread
    expect_accurate(problem, on_gpu(problem));
  }
}

TEST_P(OnGpu, LongSequencesHaveManyTiles) {
  for (const auto& [head_dim, window] : {std::pair{64, 200}, {128, 0}, {128, 200}}) {
    Problem problem = kernels::cases::random_problem({{1, 1}, {700, 700}, {3, 520}, {600, 390}}, 2, 1, head_dim, GetParam(), 16);
    problem.causal = true;
    problem.window = window;
    const Solution apart = on_gpu(problem);
    expect_accurate(problem, apart);
    for (const std::int64_t gap : {0, 3}) {  // NaN follows the last keys
      const Solution fused = on_gpu(problem, true, gap);
      for (const auto& [name, values] : kTables) EXPECT_EQ(difference(apart.*values, fused.*values), 0) << name;
    }
  }
}

TEST_P(OnGpu, CausalWithAndWithoutWindow) {
  for (const std::int64_t window : {0, 1, 5, 64, 100}) {
    Problem problem = kernels::cases::random_problem({{1, 1}, {8, 8}, {65, 65}, {300, 300}, {30, 170}}, 2, 1, 64, GetParam(), 5);
    problem.causal = true;
    problem.window = window;
    expect_accurate(problem, on_gpu(problem));
  }
}

TEST_P(OnGpu, RowsMayBeStridedAndHeadsSkipped) {
  Problem problem = kernels::cases::random_problem({{12, 12}, {100, 100}, {4, 20}}, 4, 2, 64, GetParam(), 6);
  problem.skip_head = {0, 1, 0, 0};
  const Solution apart = on_gpu(problem);
  expect_accurate(problem, apart);
  for (const std::int64_t gap : {0, 3}) {  // 3: rows are not aligned to 16 bytes
    const Solution fused = on_gpu(problem, true, gap);
    for (const auto& [name, values] : kTables) EXPECT_EQ(difference(apart.*values, fused.*values), 0) << name;
  }
}

TEST_P(OnGpu, ScaleMayBeAnything) {
  for (const double scale : {0.7, 0.0, -0.3}) {
    Problem problem = kernels::cases::random_problem({{20, 20}, {75, 75}, {50, 90}}, 4, 4, 16, GetParam(), 7);
    problem.scale = scale;
    expect_accurate(problem, on_gpu(problem));
  }
}

TEST_P(OnGpu, SharpAttentionStaysAccurate) {
  for (const double sharpness : {10.0, 100.0}) {
    const Problem problem = kernels::cases::random_problem({{20, 20}, {150, 150}}, 2, 2, 64, GetParam(), 8, sharpness);
    expect_accurate(problem, on_gpu(problem));
  }
}

TEST_P(OnGpu, LongSequences) {
  Problem problem = kernels::cases::random_problem({{1030, 1030}}, 2, 2, 16, GetParam(), 9);
  for (const bool causal : {false, true}) {
    problem.causal = causal;
    expect_accurate(problem, on_gpu(problem));
  }
}

// One causal sequence of 8,192 tokens. Only a few of its queries have a dO other than 0, so that the reference need compute these
// queries alone, each as the last of the keys that it attends to.
TEST_P(OnGpu, SequenceOf8192Tokens) {
  constexpr std::int64_t kTokens = 8192, kHeads = 1, kHeadDim = 32, kRow = kHeads * kHeadDim;
  const std::vector<std::int64_t> chosen = {0, 1, 2, 3, 4, 5, 6, 7, 30, 31, 32, 63, 64, 65, 127, 128, 1000, 4103, 8190, 8191};
  Problem whole = kernels::cases::random_problem({{kTokens, kTokens}}, kHeads, kHeads, kHeadDim, GetParam(), 17);
  std::vector<Lengths> lengths;
  lengths.reserve(chosen.size());
  for (const std::int64_t query : chosen) lengths.push_back({1, query + 1});
  Problem few = kernels::cases::random_problem(lengths, kHeads, kHeads, kHeadDim, GetParam(), 18);
  whole.causal = few.causal = true;
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    const std::int64_t from = chosen[i] * kRow;
    std::copy_n(&whole.q[from], kRow, &few.q[i * kRow]);
    std::copy_n(&whole.k[0], from + kRow, &few.k[few.key_offsets[i] * kRow]);
    std::copy_n(&whole.v[0], from + kRow, &few.v[few.key_offsets[i] * kRow]);
  }
  std::fill(whole.dout.begin(), whole.dout.end(), 0);
  for (std::size_t i = 0; i < chosen.size(); ++i) std::copy_n(&few.dout[i * kRow], kRow, &whole.dout[chosen[i] * kRow]);
  const Solution solution = on_gpu(whole), apart = on_gpu(few);
  expect_accurate(few, apart);
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    for (std::int64_t j = 0; j < kRow; ++j) {
      EXPECT_EQ(solution.out[chosen[i] * kRow + j], apart.out[i * kRow + j]) << chosen[i];
      EXPECT_EQ(solution.dq[chosen[i] * kRow + j], apart.dq[i * kRow + j]) << chosen[i];
    }
    for (std::int64_t head = 0; head < kHeads; ++head)
      EXPECT_EQ(solution.lse[chosen[i] * kHeads + head], apart.lse[i * kHeads + head]) << chosen[i];
  }
  // Sums over queries, in float32, or in float64 for the exact values.
  const auto over_queries = [&](const std::vector<double>& values, Format format) {
    const Format sum_format = format == Format::float64 ? format : Format::float32;
    std::vector<double> sums(whole.k.size());
    for (std::size_t i = 0; i < chosen.size(); ++i)
      for (std::int64_t j = 0; j < (chosen[i] + 1) * kRow; ++j) {
        const double sum = sums[j] + values[few.key_offsets[i] * kRow + j];
        sums[j] = kernels::cases::as_format(sum, sum_format);
      }
    for (double& sum : sums) sum = kernels::cases::as_format(sum, format);
    return sums;
  };
  const Solution exact = kernels::cases::textbook(few, false), plain = kernels::cases::textbook(few, true);
  expect_close("dk", solution.dk, over_queries(exact.dk, Format::float64), over_queries(plain.dk, GetParam()), few);
  expect_close("dv", solution.dv, over_queries(exact.dv, Format::float64), over_queries(plain.dv, GetParam()), few);
}

// Whole tiles of queries that attend to no key, and of keys that no query attends to.
TEST_P(OnGpu, QueriesMayAttendToNothing) {
  for (const std::int64_t window : {1, 3, 70}) {
    Problem problem = kernels::cases::random_problem({{200, 20}, {17, 300}, {64, 0}, {130, 1}}, 2, 1, 64, GetParam(), 19);
    problem.causal = true;
    problem.window = window;
    expect_accurate(problem, on_gpu(problem));
  }
}

TEST_P(OnGpu, GroupingDoesNotMatterNorDoesTheRun) {
  const Problem problem = kernels::cases::random_problem(mixed_lengths(), 4, 2, 64, GetParam(), 10);
  const Solution whole = on_gpu(problem), again = on_gpu(problem);
  Solution joined;
  for (std::int64_t first = 0; first < problem.sequences(); first += 5) {
    const Solution piece = on_gpu(kernels::cases::part(problem, first, std::min(first + 5, problem.sequences())));
    for (const auto& [name, values] : kTables)
      (joined.*values).insert((joined.*values).end(), (piece.*values).begin(), (piece.*values).end());
  }
  for (const auto& [name, values] : kTables) {
    EXPECT_EQ(difference(whole.*values, again.*values), 0) << name;
    EXPECT_EQ(difference(whole.*values, joined.*values), 0) << name;
  }
}

TEST_P(OnGpu, EntropyOfUniformAttentionIsOneAndOfOneHotZero) {
  Problem uniform = kernels::cases::random_problem({{100, 100}, {8, 300}}, 2, 2, 16, GetParam(), 13);
  uniform.causal = true;
  uniform.scale = 1;
  const std::vector<double> queries = {99, 99, 8, 8};
  std::fill(uniform.q.begin(), uniform.q.end(), 1);
  for (const double logit : {1e4, 0.0, -1e4}) {
    std::fill(uniform.k.begin(), uniform.k.end(), logit / 16);
    const Solution solution = on_gpu(uniform);
    for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(solution.entropy[i] / queries[i], 1, 2e-6);
  }
  // One key per sequence and head has the logit 1e4, all others −1e4. It is the first, so every query attends to it.
  for (const std::size_t offset : {0, 100})
    for (std::size_t i = 0; i < 32; ++i) uniform.k[offset * 32 + i] = 1e4 / 16;
  const Solution solution = on_gpu(uniform);
  // On tensor cores logits are scaled and shifted by one fma, so the largest weight is 1 only up to the rounding of its logit.
  const double rounding = GetParam() == Format::float32 ? 0 : 0x1p-24;
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(solution.entropy[i], 0, rounding * queries[i]);
  for (std::size_t i = 0; i < 32; ++i) {
    const double value = uniform.v[i];
    EXPECT_NEAR(solution.out[99 * 32 + i], value, GetParam() == Format::tf32 ? 0x1p-10 * std::abs(value) : 0);
  }
}

TEST_P(OnGpu, HugeLogitsStayFinite) {
  Problem problem = kernels::cases::random_problem({{40, 40}, {100, 100}}, 2, 2, 64, GetParam(), 14, 1e4 / 64);
  for (double& k : problem.k) k *= 64;  // logits of 1e4 whose factors and gradients are in float16's range
  for (const bool causal : {false, true}) {
    problem.causal = causal;
    const Solution solution = on_gpu(problem);
    for (const auto& [name, values] : kTables)
      for (const double value : solution.*values) ASSERT_TRUE(std::isfinite(value)) << name;
  }
}

}  // namespace
}  // namespace hies::kernels::cuda
