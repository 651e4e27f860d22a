#pragma once

#include <span>
#include <string>
#include <string_view>

namespace hies::data {

// A figure of quality over a whole data set. `predictions` are class ids for classifiers and numbers for regression; `labels` the
// same. Both have the same length, at least 1.
struct Metric {
  std::string_view name;         // as it stands in result.json
  std::string_view description;  // one line
  double lowest;                 // range, inclusive; may be infinite
  double highest;
  bool higher_is_better;
  double (*compute)(std::span<const double> predictions, std::span<const double> labels);
};

// Throws internal unless there is one prediction per label, and at least one.
void check_metric_input(std::span<const double> predictions, std::span<const double> labels);

// Share of predictions that are right.
double accuracy(std::span<const double> predictions, std::span<const double> labels);
// F1 of class 1, as GLUE reports it for MRPC and QQP; 0 when neither predictions nor labels hold class 1 (scikit-learn's
// zero_division=0).
double f1(std::span<const double> predictions, std::span<const double> labels);
// Matthews' correlation for any number of classes (Gorodkin 2004, R_K); 0 when predictions or labels are constant.
double matthews(std::span<const double> predictions, std::span<const double> labels);
// Pearson's r; 0 when predictions or labels are constant, where r is undefined (scipy returns NaN).
double pearson(std::span<const double> predictions, std::span<const double> labels);
// Spearman's rho: Pearson's r of the ranks, ties share their average rank; 0 where pearson is.
double spearman(std::span<const double> predictions, std::span<const double> labels);
// Mean squared error.
double mse(std::span<const double> predictions, std::span<const double> labels);

// All metrics, also "matthews-scaled" and "pearson-scaled": (1 + r) / 2, the form in which the HIES paper prints CoLA and STS-B.
std::span<const Metric> metrics() noexcept;

// Throws bad_input for an unknown name, with the known ones as hint.
const Metric& metric(std::string_view name);

}  // namespace hies::data
