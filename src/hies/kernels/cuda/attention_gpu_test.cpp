#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <type_traits>
#include <utility>

#include "hies/kernels/attention_cases.h"
#include "hies/kernels/cuda/device_cases.h"
#include "hies/kernels/cuda/plugin.h"

// The plug-in's attention against float64, by DESIGN's rule: its error may be twice that of the textbook way in the same dtype.
namespace hies::kernels::cuda {
namespace {

using cases::OnDevice;
using kernels::cases::difference;
using kernels::cases::kTables;
using kernels::cases::largest;
using kernels::cases::Lengths;
using kernels::cases::Problem;
using kernels::cases::Solution;

template <class T>
T stored(double value) {
  if constexpr (sizeof(T) == 2) return static_cast<T>(std::bit_cast<std::uint32_t>(static_cast<float>(value)) >> 16);
  else return static_cast<T>(value);
}
template <class T>
double loaded(T value) {
  if constexpr (sizeof(T) == 2) return std::bit_cast<float>(static_cast<std::uint32_t>(value) << 16);
  else return static_cast<double>(value);
}

// Rows [tokens, heads, D] from `column` on in rows of `width` elements; what nothing writes stays NaN.
template <class T>
struct Rows {
  std::int64_t tokens, heads, head_dim, width, column;

  void put(std::vector<T>& buffer, const std::vector<double>& values) const {
    const std::int64_t row = heads * head_dim;
    for (std::int64_t i = 0; i < tokens * row; ++i) buffer[i / row * width + column + i % row] = stored<T>(values[i]);
  }
  std::vector<double> take(const std::vector<T>& buffer) const {
    const std::int64_t row = heads * head_dim;
    std::vector<double> values;
    for (std::int64_t i = 0; i < tokens * row; ++i) values.push_back(loaded(buffer[i / row * width + column + i % row]));
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
  const T unset = stored<T>(std::nan(""));
  const Rows<T> q{Tq, H, D, fused ? width : H * D, 0}, k{Tk, K, D, fused ? width : K * D, fused ? H * D : 0};
  const Rows<T> v{Tk, K, D, k.width, fused ? (H + K) * D : 0}, out{Tq, H, D, H * D, 0};
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
  shape.dtype = sizeof(T) == 2 ? HIES_CUDA_BFLOAT16 : HIES_CUDA_FLOAT32;
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

Solution on_card(const Problem& problem, bool fused = false, std::int64_t gap = 0) {
  return problem.dtype == DType::bfloat16 ? solve<std::uint16_t>(problem, fused, gap) : solve<float>(problem, fused, gap);
}

// Where the exact values are all 0 (gradients of logits where every query sees one key), the textbook way subtracts equal numbers;
// the kernels' two ways to the same inner product may round differently.
constexpr double kRounding = 1e-5;

void expect_accurate(const Problem& problem, const Solution& solution) {
  const Solution exact = kernels::cases::textbook(problem, false), plain = kernels::cases::textbook(problem, true);
  for (const auto& [name, values] : kTables) {
    const double size = largest(exact.*values), allowed = size == 0 ? kRounding : 2 * difference(plain.*values, exact.*values);
    EXPECT_LE(difference(solution.*values, exact.*values), allowed) << name << ", D " << problem.head_dim << ", largest " << size;
  }
}

class OnCard : public testing::TestWithParam<DType> {};
INSTANTIATE_TEST_SUITE_P(Attention, OnCard, testing::Values(DType::float32, DType::bfloat16),
                         [](const auto& dtype) { return std::string(dtype.param == DType::float32 ? "float32" : "bfloat16"); });

std::vector<Lengths> mixed_lengths() {
  return {{1, 1}, {7, 7}, {200, 200}, {2, 2}, {16, 16}, {33, 33}, {64, 64}, {5, 5}, {130, 130}, {129, 129}, {3, 3}, {128, 128}};
}

TEST_P(OnCard, LengthsMayMix) {
  const Problem problem = kernels::cases::random_problem(mixed_lengths(), 3, 3, 64, GetParam(), 1);
  expect_accurate(problem, on_card(problem));
}

TEST_P(OnCard, EveryHeadSize) {
  for (const std::int64_t head_dim : {16, 20, 24, 32, 33, 40, 64, 80, 96, 128, 256}) {
    const Problem problem = kernels::cases::random_problem({{19, 19}, {140, 140}}, 2, 2, head_dim, GetParam(), 2);
    expect_accurate(problem, on_card(problem));
  }
}

TEST_P(OnCard, QueriesMayBeFewerOrMoreThanKeys) {
  for (const bool causal : {false, true}) {
    Problem problem = kernels::cases::random_problem({{1, 40}, {17, 150}, {3, 3}, {50, 20}, {1, 300}, {200, 150}, {3, 0}}, 2, 2,
                                                     32, GetParam(), 3);
    problem.causal = causal;
    expect_accurate(problem, on_card(problem));
  }
}

TEST_P(OnCard, GroupedHeads) {
  for (const std::int64_t kv_heads : {1, 2, 4}) {
    Problem problem = kernels::cases::random_problem({{30, 30}, {90, 120}}, 4, kv_heads, 128, GetParam(), 4);
    problem.causal = true;
    expect_accurate(problem, on_card(problem));
    std::reverse(problem.kv_of_head.begin(), problem.kv_of_head.end());
    problem.kv_of_head.back() = problem.kv_of_head.front();  // uneven groups, one KV head perhaps unread
    expect_accurate(problem, on_card(problem));
  }
}

TEST_P(OnCard, LongSequencesHaveManyTiles) {
  for (const auto& [head_dim, window] : {std::pair{64, 200}, {128, 0}, {128, 200}}) {
    Problem problem = kernels::cases::random_problem({{1, 1}, {700, 700}, {3, 520}, {600, 390}}, 2, 1, head_dim, GetParam(), 16);
    problem.causal = true;
    problem.window = window;
    const Solution apart = on_card(problem);
    expect_accurate(problem, apart);
    for (const std::int64_t gap : {0, 3}) {  // NaN stands behind the last keys
      const Solution fused = on_card(problem, true, gap);
      for (const auto& [name, values] : kTables) EXPECT_EQ(difference(apart.*values, fused.*values), 0) << name;
    }
  }
}

TEST_P(OnCard, CausalWithAndWithoutWindow) {
  for (const std::int64_t window : {0, 1, 5, 64, 100}) {
    Problem problem = kernels::cases::random_problem({{1, 1}, {8, 8}, {65, 65}, {300, 300}, {30, 170}}, 2, 1, 64, GetParam(), 5);
    problem.causal = true;
    problem.window = window;
    expect_accurate(problem, on_card(problem));
  }
}

TEST_P(OnCard, RowsMayBeStridedAndHeadsLeftOut) {
  Problem problem = kernels::cases::random_problem({{12, 12}, {100, 100}, {4, 20}}, 4, 2, 64, GetParam(), 6);
  problem.skip_head = {0, 1, 0, 0};
  const Solution apart = on_card(problem);
  expect_accurate(problem, apart);
  for (const std::int64_t gap : {0, 3}) {  // 3: no vector of 16 bytes is aligned
    const Solution fused = on_card(problem, true, gap);
    for (const auto& [name, values] : kTables) EXPECT_EQ(difference(apart.*values, fused.*values), 0) << name;
  }
}

TEST_P(OnCard, ScaleMayBeAnything) {
  for (const double scale : {0.7, 0.0, -0.3}) {
    Problem problem = kernels::cases::random_problem({{20, 20}, {75, 75}, {50, 90}}, 4, 4, 16, GetParam(), 7);
    problem.scale = scale;
    expect_accurate(problem, on_card(problem));
  }
}

TEST_P(OnCard, SharpAttentionStaysAccurate) {
  for (const double sharpness : {10.0, 100.0}) {
    const Problem problem = kernels::cases::random_problem({{20, 20}, {150, 150}}, 2, 2, 64, GetParam(), 8, sharpness);
    expect_accurate(problem, on_card(problem));
  }
}

TEST_P(OnCard, LongSequences) {
  Problem problem = kernels::cases::random_problem({{1030, 1030}}, 2, 2, 16, GetParam(), 9);
  for (const bool causal : {false, true}) {
    problem.causal = causal;
    expect_accurate(problem, on_card(problem));
  }
}

TEST_P(OnCard, GroupingDoesNotMatterNorDoesTheRun) {
  const Problem problem = kernels::cases::random_problem(mixed_lengths(), 4, 2, 64, GetParam(), 10);
  const Solution whole = on_card(problem), again = on_card(problem);
  Solution joined;
  for (std::int64_t first = 0; first < problem.sequences(); first += 5) {
    const Solution piece = on_card(kernels::cases::part(problem, first, std::min(first + 5, problem.sequences())));
    for (const auto& [name, values] : kTables)
      (joined.*values).insert((joined.*values).end(), (piece.*values).begin(), (piece.*values).end());
  }
  for (const auto& [name, values] : kTables) {
    EXPECT_EQ(difference(whole.*values, again.*values), 0) << name;
    EXPECT_EQ(difference(whole.*values, joined.*values), 0) << name;
  }
}

TEST_P(OnCard, EntropyOfUniformAttentionIsOneAndOfOneHotZero) {
  Problem uniform = kernels::cases::random_problem({{100, 100}, {8, 300}}, 2, 2, 16, GetParam(), 13);
  uniform.causal = true;
  uniform.scale = 1;
  const std::vector<double> queries = {99, 99, 8, 8};
  std::fill(uniform.q.begin(), uniform.q.end(), 1);
  for (const double logit : {1e4, 0.0, -1e4}) {
    std::fill(uniform.k.begin(), uniform.k.end(), logit / 16);
    const Solution solution = on_card(uniform);
    for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(solution.entropy[i] / queries[i], 1, 2e-6);
  }
  // One key per sequence and head has the logit 1e4, all others −1e4; it is the first, so every query sees it.
  for (const std::size_t offset : {0, 100})
    for (std::size_t i = 0; i < 32; ++i) uniform.k[offset * 32 + i] = 1e4 / 16;
  const Solution solution = on_card(uniform);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(solution.entropy[i], 0);
  for (std::size_t i = 0; i < 32; ++i) EXPECT_EQ(solution.out[99 * 32 + i], uniform.v[i]);
}

TEST_P(OnCard, HugeLogitsStayFinite) {
  Problem problem = kernels::cases::random_problem({{40, 40}, {100, 100}}, 2, 2, 64, GetParam(), 14, 1e4);
  for (const bool causal : {false, true}) {
    problem.causal = causal;
    const Solution solution = on_card(problem);
    for (const auto& [name, values] : kTables)
      for (const double value : solution.*values) ASSERT_TRUE(std::isfinite(value)) << name;
  }
}

}  // namespace
}  // namespace hies::kernels::cuda
