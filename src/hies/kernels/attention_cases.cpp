#include "hies/kernels/attention_cases.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <type_traits>

#include "hies/base/rng.h"

namespace hies::kernels::cases {
namespace {

std::vector<double> normal(std::int64_t count, Format format, double deviation, Rng& rng) {
  std::vector<double> values(static_cast<std::size_t>(count));
  for (double& value : values) {
    const double radius = std::sqrt(-2 * std::log(1 - rng.uniform()));
    value = as_format(deviation * radius * std::cos(2 * std::numbers::pi * rng.uniform()), format);
  }
  return values;
}

// The naive computation with numbers of type Real, rounded to the format.
template <class Real, Format kFormat>
struct Textbook {
  const Problem& problem;
  Solution solution;

  static Real rounded(Real value) { return as_format<kFormat>(value); }
  // Returns a factor of a matrix product.
  static Real factor(Real value) { return as_factor<kFormat>(value); }
  static Real factor(double value) requires(!std::is_same_v<Real, double>) { return factor(static_cast<Real>(value)); }

  // Returns an element of a matrix product.
  Real dot(const double* a, const double* b) const {
    Real sum = 0;
    for (std::int64_t d = 0; d < problem.head_dim; ++d) sum += factor(a[d]) * factor(b[d]);
    return rounded(sum);
  }
  Real inner(const double* a, const double* b) const {
    Real sum = 0;
    for (std::int64_t d = 0; d < problem.head_dim; ++d) sum += static_cast<Real>(a[d]) * static_cast<Real>(b[d]);
    return rounded(sum);
  }

  // Solves one sequence and query head. The gradients of keys and values are added to `dk` and `dv`.
  void head(std::int64_t b, std::int64_t h, std::vector<Real>& dk, std::vector<Real>& dv) {
    const std::int64_t D = problem.head_dim, H = problem.heads, K = problem.kv_heads;
    const std::int64_t q0 = problem.query_offsets[b], T = problem.query_offsets[b + 1] - q0;
    const std::int64_t k0 = problem.key_offsets[b], S = problem.key_offsets[b + 1] - k0;
    const std::int64_t kv = problem.kv_of_head[static_cast<std::size_t>(h)];
    const auto scale = static_cast<Real>(problem.scale);
    for (std::int64_t i = 0; i < T; ++i) {
      const std::int64_t position = S - T + i, row = (q0 + i) * H + h;
      const double* q = &problem.q[static_cast<std::size_t>(row * D)];
      const double* dout = &problem.dout[static_cast<std::size_t>(row * D)];
      std::vector<std::int64_t> keys;  // those that the query attends to, as offsets into k and v
      for (std::int64_t s = 0; s < S; ++s) {
        if (problem.causal && (s > position || (problem.window > 0 && s <= position - problem.window))) continue;
        keys.push_back(((k0 + s) * K + kv) * D);
      }
      const std::size_t n = keys.size();
      std::vector<Real> p(n), dp(n);
      Real maximum = -std::numeric_limits<Real>::infinity(), sum = 0;
      for (std::size_t j = 0; j < n; ++j) maximum = std::max(maximum, p[j] = rounded(scale * dot(q, &problem.k[keys[j]])));
      for (std::size_t j = 0; j < n; ++j) sum += p[j] = std::exp(p[j] - maximum);
      Real entropy = 0;
      for (std::size_t j = 0; j < n; ++j) {
        p[j] = rounded(p[j] / sum);
        if (p[j] > 0) entropy -= p[j] * std::log(p[j]);
      }
      solution.lse[row] = static_cast<double>(maximum + std::log(sum));
      if (n > 1) solution.entropy[b * H + h] += static_cast<double>(entropy / std::log(static_cast<Real>(n)));
      for (std::int64_t d = 0; d < D; ++d) {
        Real value = 0;
        for (std::size_t j = 0; j < n; ++j) value += factor(p[j]) * factor(problem.v[keys[j] + d]);
        solution.out[row * D + d] = rounded(value);
      }
      solution.inner[row] = inner(dout, &solution.out[row * D]);
      Real mean = 0;
      for (std::size_t j = 0; j < n; ++j) mean += p[j] * (dp[j] = dot(dout, &problem.v[keys[j]]));
      std::vector<Real> dq(static_cast<std::size_t>(D));
      for (std::size_t j = 0; j < n; ++j) {
        const Real dlogit = rounded(scale * rounded(p[j] * (dp[j] - mean)));
        for (std::int64_t d = 0; d < D; ++d) {
          dq[d] += factor(dlogit) * factor(problem.k[keys[j] + d]);
          dk[keys[j] + d] += factor(dlogit) * factor(q[d]);
          dv[keys[j] + d] += factor(p[j]) * factor(dout[d]);
        }
      }
      for (std::int64_t d = 0; d < D; ++d) solution.dq[row * D + d] = rounded(dq[d]);
    }
  }

  void solve() {
    const auto key_size = static_cast<std::size_t>(problem.key_tokens() * problem.kv_heads * problem.head_dim);
    const auto rows = static_cast<std::size_t>(problem.query_tokens() * problem.heads);
    solution.out.resize(problem.q.size()), solution.dq.resize(problem.q.size());
    solution.lse.assign(rows, -std::numeric_limits<double>::infinity()), solution.inner.resize(rows);
    solution.entropy.resize(static_cast<std::size_t>(problem.sequences() * problem.heads));
    std::vector<Real> dk(key_size), dv(key_size);
    for (std::int64_t b = 0; b < problem.sequences(); ++b)
      for (std::int64_t h = 0; h < problem.heads; ++h)
        if (!problem.skips(h)) head(b, h, dk, dv);
    for (const Real value : dk) solution.dk.push_back(rounded(value));
    for (const Real value : dv) solution.dv.push_back(rounded(value));
  }
};

template <class Real, Format kFormat>
Solution solve(const Problem& problem) {
  Textbook<Real, kFormat> textbook{problem, {}};
  textbook.solve();
  return textbook.solution;
}

}  // namespace

AttentionShape Problem::shape() const {
  AttentionShape shape;
  shape.sequences = sequences();
  shape.query_offsets = query_offsets.data();
  shape.key_offsets = key_offsets.data();
  shape.heads = heads;
  shape.kv_heads = kv_heads;
  shape.kv_of_head = kv_of_head.data();
  shape.head_dim = head_dim;
  shape.scale = scale;
  shape.causal = causal;
  shape.window = window;
  shape.dtype = format == Format::float64 ? DType::float64 : format == Format::bfloat16 ? DType::bfloat16 : DType::float32;
  return shape;
}

Problem random_problem(const std::vector<Lengths>& lengths, std::int64_t heads, std::int64_t kv_heads, std::int64_t head_dim,
                       Format format, std::uint64_t seed, double sharpness) {
  Problem problem;
  problem.query_offsets = problem.key_offsets = {0};
  for (const Lengths& length : lengths) {
    problem.query_offsets.push_back(problem.query_offsets.back() + length.queries);
    problem.key_offsets.push_back(problem.key_offsets.back() + length.keys);
  }
  problem.heads = heads;
  problem.kv_heads = kv_heads;
  problem.head_dim = head_dim;
  for (std::int64_t head = 0; head < heads; ++head) problem.kv_of_head.push_back(static_cast<int>(head * kv_heads / heads));
  problem.scale = 1 / std::sqrt(static_cast<double>(head_dim));
  problem.format = format;
  Rng rng(seed);
  const std::int64_t queries = problem.query_tokens() * heads * head_dim, keys = problem.key_tokens() * kv_heads * head_dim;
  problem.q = normal(queries, format, sharpness, rng);
  problem.k = normal(keys, format, 1, rng);
  problem.v = normal(keys, format, 1, rng);
  problem.dout = normal(queries, format, 1, rng);
  return problem;
}

Problem part(const Problem& problem, std::int64_t first, std::int64_t last) {
  Problem result = problem;
  const auto cut = [&](std::vector<std::int64_t>& offsets, std::int64_t heads, std::vector<double>& a, std::vector<double>& b) {
    const std::int64_t row = heads * problem.head_dim, from = offsets[first] * row, to = offsets[last] * row;
    for (std::vector<double>* values : {&a, &b}) *values = std::vector<double>(values->begin() + from, values->begin() + to);
    const std::int64_t start = offsets[first];
    offsets = std::vector<std::int64_t>(offsets.begin() + first, offsets.begin() + last + 1);
    for (std::int64_t& offset : offsets) offset -= start;
  };
  cut(result.query_offsets, problem.heads, result.q, result.dout);
  cut(result.key_offsets, problem.kv_heads, result.k, result.v);
  return result;
}

Solution textbook(const Problem& problem, bool in_format) {
  switch (in_format ? problem.format : Format::float64) {
    case Format::float32: return solve<float, Format::float32>(problem);
    case Format::bfloat16: return solve<float, Format::bfloat16>(problem);
    case Format::float16: return solve<float, Format::float16>(problem);
    case Format::tf32: return solve<float, Format::tf32>(problem);
    case Format::float64: break;
  }
  return solve<double, Format::float64>(problem);
}

double largest(const std::vector<double>& values) {
  double result = 0;
  for (const double value : values)
    if (std::isfinite(value)) result = std::max(result, std::abs(value));
  return result;
}

double difference(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size()) return INFINITY;
  double result = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i] != b[i]) result = std::isfinite(a[i] - b[i]) ? std::max(result, std::abs(a[i] - b[i])) : INFINITY;
  return result;
}

}  // namespace hies::kernels::cases
