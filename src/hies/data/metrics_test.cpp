// Reference values: scikit-learn 1.x and scipy 1.x, by
//   from scipy.stats import pearsonr, spearmanr; from sklearn.metrics import *
//   accuracy_score(l, p), f1_score(l, p), matthews_corrcoef(l, p), mean_squared_error(y, x), pearsonr(x, y)[0], spearmanr(x,
//   y)[0]
#include "hies/data/metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "hies/base/error.h"

namespace hies::data {
namespace {

using Values = std::vector<double>;

const Values kPredicted = {1, 0, 1, 1, 0, 1, 0, 0, 1, 1}, kLabels = {1, 0, 0, 1, 0, 1, 1, 0, 1, 0};
const Values kX = {2.5, 0.1, 4.9, 3.3, 3.3, 1.0, 2.5, 0.4}, kY = {3.0, 0.0, 5.0, 2.8, 4.2, 1.0, 1.0, 0.0};

TEST(Metrics, TwoClassesAgreeWithScikitLearn) {
  EXPECT_DOUBLE_EQ(accuracy(kPredicted, kLabels), 0.7);
  EXPECT_DOUBLE_EQ(f1(kPredicted, kLabels), 0.7272727272727273);
  EXPECT_DOUBLE_EQ(matthews(kPredicted, kLabels), 0.408248290463863);
}

TEST(Metrics, ThreeClassesAgreeWithScikitLearn) {
  const Values predicted = {0, 1, 2, 2, 1, 0, 0, 2, 1, 1, 2, 0}, labels = {0, 1, 2, 1, 1, 0, 2, 2, 0, 1, 2, 2};
  EXPECT_DOUBLE_EQ(matthews(predicted, labels), 0.5052911526399114);
  EXPECT_DOUBLE_EQ(accuracy(predicted, labels), 0.6666666666666666);
}

TEST(Metrics, NumbersAgreeWithScipy) {
  EXPECT_NEAR(pearson(kX, kY), 0.9281398926672824, 1e-15);
  EXPECT_NEAR(spearman(kX, kY), 0.9207317073170732, 1e-15);  // both sides have ties
  EXPECT_NEAR(mse(kX, kY), 0.4675, 1e-15);
}

TEST(Metrics, PearsonSurvivesALargeOffset) {
  Values shifted = kX;
  for (double& value : shifted) value += 1e9;
  EXPECT_NEAR(pearson(shifted, kY), 0.9281398926672824, 1e-7);
}

TEST(Metrics, ConstantPredictionsHaveNoCorrelation) {
  const Values zeros(10, 0), ones(10, 1);
  EXPECT_EQ(matthews(zeros, kLabels), 0);
  EXPECT_EQ(matthews(ones, kLabels), 0);
  EXPECT_EQ(matthews(ones, ones), 0);
  EXPECT_EQ(f1(zeros, kLabels), 0);
  EXPECT_EQ(f1(zeros, zeros), 0);
  EXPECT_DOUBLE_EQ(f1(ones, kLabels), 0.6666666666666666);
  const Values tenths(8, 0.1);  // whose mean is not exactly 0.1
  EXPECT_EQ(pearson(tenths, kY), 0);
  EXPECT_EQ(pearson(kX, tenths), 0);
  EXPECT_EQ(spearman(tenths, kY), 0);
  EXPECT_EQ(metric("matthews-scaled").compute(zeros, kLabels), 0.5);
}

TEST(Metrics, AreWithinTheirRangeAtBothEnds) {
  const Values reversed = {-2.5, -0.1, -4.9, -3.3, -3.3, -1.0, -2.5, -0.4};
  EXPECT_DOUBLE_EQ(pearson(kX, reversed), -1);
  EXPECT_DOUBLE_EQ(spearman(kX, reversed), -1);
  const Values a = {0, 1, 0, 1}, b = {1, 0, 1, 0};
  EXPECT_DOUBLE_EQ(matthews(a, b), -1);
  EXPECT_DOUBLE_EQ(matthews(a, a), 1);
  for (const Metric& known : metrics()) {
    EXPECT_EQ(known.compute == nullptr, known.of_text != nullptr) << known.name;
    if (known.compute == nullptr) continue;
    for (const Values& predictions : {a, b}) {
      EXPECT_GE(known.compute(predictions, a), known.lowest) << known.name;
      EXPECT_LE(known.compute(predictions, a), known.highest) << known.name;
    }
    const double right = known.compute(a, a), wrong = known.compute(b, a);
    EXPECT_EQ(known.higher_is_better, right > wrong) << known.name;
  }
}

TEST(Metrics, ScaledFormsAreThePapers) {
  EXPECT_DOUBLE_EQ(metric("matthews-scaled").compute(kPredicted, kLabels), (1 + 0.408248290463863) / 2);
  EXPECT_DOUBLE_EQ(metric("pearson-scaled").compute(kX, kY), (1 + pearson(kX, kY)) / 2);
}

TEST(Metrics, OfTexts) {
  const TextLikelihood text{.log_likelihood = -24 * std::log(2.0), .tokens = 8, .words = 4, .bytes = 16};
  EXPECT_DOUBLE_EQ(perplexity(text), 8);
  EXPECT_DOUBLE_EQ(word_perplexity(text), 64);
  EXPECT_DOUBLE_EQ(bits_per_byte(text), 1.5);
  const TextLikelihood no_spaces{.log_likelihood = -1e6, .tokens = 1000, .words = 1, .bytes = 3000};
  EXPECT_EQ(word_perplexity(no_spaces), std::numeric_limits<double>::max());
}

TEST(Metrics, GoodnessIsHigherWhereTheMetricIsBetter) {
  EXPECT_EQ(higher_is_better_value(metric("accuracy"), 0.5), 0.5);
  EXPECT_EQ(higher_is_better_value(metric("mse"), 0.5), -0.5);
  EXPECT_DOUBLE_EQ(higher_is_better_value(metric("perplexity"), std::exp(2.0)), -2);
  EXPECT_EQ(higher_is_better_value(metric("bits_per_byte"), 2), -2);
}

TEST(Metrics, UnknownNameListsTheKnownOnes) {
  try {
    metric("acuracy");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::bad_input);
    EXPECT_NE(error.hint().find("did you mean 'accuracy'?"), std::string::npos) << error.hint();
  }
}

TEST(Metrics, RefuseUnequalLengths) {
  const Values one = {1}, two = {1, 2};
  for (const Metric& known : metrics()) {
    if (known.compute == nullptr) continue;
    EXPECT_THROW(known.compute(one, two), Error) << known.name;
    EXPECT_THROW(known.compute({}, {}), Error) << known.name;
  }
}

}  // namespace
}  // namespace hies::data
