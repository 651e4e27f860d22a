#include "hies/eval/quality.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "hies/base/error.h"
#include "hies/eval/label_order.h"
#include "hies/eval/stability.h"

namespace hies::eval {
namespace {

data::Dataset dataset(const std::vector<double>& labels) {
  data::Dataset dataset;
  for (const double label : labels) dataset.examples.push_back({{1}, {0}, label, 1});
  dataset.has_labels = true;
  if (!labels.empty())
    dataset.label_range = {*std::min_element(labels.begin(), labels.end()), *std::max_element(labels.begin(), labels.end())};
  return dataset;
}

Predictions answers(std::vector<double> values) {
  Predictions predictions;
  predictions.answers = std::move(values);
  return predictions;
}

TEST(Quality, TheTasksMetricsInItsOrder) {
  // MRPC: 2 of 3 right; of class 1 one hit, one missed.
  const Metrics mrpc = quality(data::task("mrpc"), dataset({1, 0, 1}), answers({1, 0, 0}));
  ASSERT_EQ(mrpc.size(), 2u);
  EXPECT_EQ(mrpc[0].first, "f1");
  EXPECT_DOUBLE_EQ(mrpc[0].second, 2.0 / 3);
  EXPECT_EQ(mrpc[1].first, "accuracy");
  EXPECT_DOUBLE_EQ(mrpc[1].second, 2.0 / 3);
  const Metrics stsb = quality(data::task("stsb"), dataset({0, 1, 5}), answers({1, 2, 6}));
  EXPECT_EQ(stsb[0].first, data::task("stsb").primary_metric());
  EXPECT_NEAR(stsb[0].second, 1, 1e-12);
}

TEST(Quality, NothingWithoutLabels) {
  data::Dataset unlabelled = dataset({0, 1});
  unlabelled.has_labels = false;
  EXPECT_TRUE(quality(data::task("sst2"), unlabelled, answers({1, 1})).empty());
}

TEST(Quality, AnEmptyDataSetIsRefused) { EXPECT_THROW(quality(data::task("sst2"), dataset({}), answers({})), Error); }

TEST(Stability, ClassesMustBeEqual) {
  EXPECT_EQ(agreement_tolerance(data::task("mnli"), dataset({0, 2}), answers({0, 2}), 0.05), 0);
  EXPECT_DOUBLE_EQ(stability(answers({0, 1, 2, 1}), answers({0, 1, 1, 1}), 0), 0.75);
}

TEST(Stability, NumbersMayBeATwentiethOfTheTasksRangeApart) {
  const double tolerance = agreement_tolerance(data::task("stsb"), dataset({1, 2}), answers({1, 2}), 0.05);
  EXPECT_DOUBLE_EQ(tolerance, 0.25);
  EXPECT_DOUBLE_EQ(stability(answers({1.25, 2.5, 3}), answers({1, 2, 3}), tolerance), 2.0 / 3);  // the bound itself agrees
}

TEST(Stability, TheUsersOwnRangeIsThatOfTheLabelsElseOfTheReference) {
  const data::Task& own = data::task("regression");
  data::Dataset data = dataset({-10, 10, 0});
  EXPECT_DOUBLE_EQ(agreement_tolerance(own, data, answers({0, 1, 2}), 0.05), 1);
  data.has_labels = false;
  EXPECT_DOUBLE_EQ(agreement_tolerance(own, data, answers({4, 1, 2}), 0.1), 0.3);
}

TEST(LabelOrder, ClassesGoByName) {
  Predictions theirs = answers({0, 2});
  theirs.classes = 3;
  theirs.logits = {3, 1, 2, 4, 5, 6};
  const std::vector<std::string> their_names = {"neutral", "entailment", "contradiction"};
  const Predictions mine = in_label_order(theirs, their_names, {"entailment", "neutral", "contradiction"});
  EXPECT_EQ(mine.logits, (std::vector<double>{1, 3, 2, 5, 4, 6}));
  EXPECT_EQ(mine.answers, (std::vector<double>{1, 2}));
  const Predictions unnamed = in_label_order(theirs, their_names, {"LABEL_0", "LABEL_1", "LABEL_2"});
  EXPECT_EQ(unnamed.answers, theirs.answers);
  const Predictions unclear = in_label_order(theirs, {"a", "a", "b"}, {"a", "b", "a"});
  EXPECT_EQ(unclear.logits, theirs.logits);
}

TEST(Stability, TheShareIsAShare) {
  for (const double share : {-0.1, 1.1, std::nan("")})
    EXPECT_THROW(agreement_tolerance(data::task("stsb"), dataset({1}), answers({1}), share), Error) << share;
}

}  // namespace
}  // namespace hies::eval
