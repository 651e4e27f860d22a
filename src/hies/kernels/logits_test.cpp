#include "hies/kernels/logits.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "hies/kernels/variant.h"

namespace hies::kernels {
namespace {

// The tests below run once for each instruction set that this machine supports.
class Logits : public testing::TestWithParam<const Variant*> {
 protected:
  void SetUp() override {
    if (!GetParam()->supported()) GTEST_SKIP() << "this CPU does not support the instruction set";
    use_variant(GetParam());
  }
  void TearDown() override { use_variant(nullptr); }
};

template <class Real>
std::vector<Real> random_logits(std::int64_t count, double size) {
  std::mt19937 random(static_cast<unsigned>(count));
  std::normal_distribution<double> normal(0, size);
  std::vector<Real> logits(static_cast<std::size_t>(count));
  for (Real& logit : logits) logit = static_cast<Real>(normal(random));
  return logits;
}

template <class Real>
LogitRows rows_of(std::vector<Real>& logits, std::int64_t vocabulary) {
  return {logits.data(), sizeof(Real) == 8, std::ssize(logits) / vocabulary, vocabulary};
}

template <class Real>
void compare_with_long_double(std::int64_t rows, std::int64_t vocabulary, double size, double tolerance) {
  SCOPED_TRACE(testing::Message() << rows << " rows of " << vocabulary << " logits of about " << size);
  std::vector<Real> logits = random_logits<Real>(rows * vocabulary, size);
  const std::vector<Real> given = logits;
  std::vector<LogitSummary> summaries(static_cast<std::size_t>(rows));
  summarise_logits(rows_of(logits, vocabulary), summaries.data());
  EXPECT_EQ(logits, given);
  std::vector<double> weights;
  for (std::int64_t row = 0; row < rows; ++row) weights.push_back(0.25 + static_cast<double>(row));
  softmax_logits(rows_of(logits, vocabulary), summaries.data(), weights.data());
  for (std::int64_t row = 0; row < rows; ++row) {
    const auto begin = given.begin() + row * vocabulary, end = begin + vocabulary, top = std::max_element(begin, end);
    const LogitSummary& summary = summaries[static_cast<std::size_t>(row)];
    EXPECT_EQ(summary.maximum, static_cast<double>(*top));
    EXPECT_EQ(summary.top_token, top - begin);
    long double sum = 0;
    for (auto at = begin; at != end; ++at) sum += std::exp(static_cast<long double>(*at) - *top);
    EXPECT_NEAR(summary.sum / static_cast<double>(sum), 1, tolerance);
    const double weight = weights[static_cast<std::size_t>(row)];
    for (std::int64_t v = 0; v < vocabulary; ++v) {
      const auto i = static_cast<std::size_t>(row * vocabulary + v);
      const long double expected = weight * std::exp(static_cast<long double>(given[i]) - *top) / sum;
      ASSERT_NEAR(static_cast<double>(logits[i]), static_cast<double>(expected), weight * tolerance) << "token " << v;
    }
  }
}

TEST_P(Logits, SummariesAndProbabilitiesAreThoseOfLongDouble) {
  for (const std::int64_t vocabulary : {1, 2, 7, 16, 17, 1000, 32000, 151936}) {
    compare_with_long_double<float>(3, vocabulary, 4, 1e-6);
    compare_with_long_double<double>(3, vocabulary, 4, 1e-14);
  }
  compare_with_long_double<float>(2, 1003, 1e4, 1e-6);
  compare_with_long_double<double>(2, 1003, 1e4, 1e-14);
}

TEST_P(Logits, TheFirstOfEqualLogitsIsTheMaximum) {
  for (const std::int64_t vocabulary : {3, 16, 50, 129}) {
    for (std::int64_t at = 0; at < vocabulary; ++at) {
      std::vector<float> logits(static_cast<std::size_t>(vocabulary), -1);
      std::fill(logits.begin() + at, logits.end(), 2.0f);
      LogitSummary summary;
      summarise_logits(rows_of(logits, vocabulary), &summary);
      EXPECT_EQ(summary.top_token, at) << vocabulary;
    }
  }
}

TEST_P(Logits, LogitsThatAreNotFiniteMakeTheSumNaN) {
  for (const float value : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                            -std::numeric_limits<float>::infinity()}) {
    for (const std::size_t at : {std::size_t{0}, std::size_t{31}, std::size_t{39}}) {
      std::vector<float> logits(40, 0.5f);
      logits[at] = value;
      LogitSummary summary;
      summarise_logits(rows_of(logits, 40), &summary);
      EXPECT_TRUE(std::isnan(summary.sum)) << value << " at " << at;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Variants, Logits, testing::ValuesIn(variants().begin(), variants().end()),
                         [](const auto& info) { return info.param->name; });

}  // namespace
}  // namespace hies::kernels
