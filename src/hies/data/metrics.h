#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "hies/data/dataset.h"

namespace hies::data {

// What a language model makes of texts as a whole.
struct TextLikelihood {
  double log_likelihood = 0;  // sum over all judged tokens, in nats
  std::int64_t tokens = 0;    // judged
  std::int64_t words = 0;     // of the texts that they cover
  std::int64_t bytes = 0;
};

// A measure of quality over a whole data set: of answers, or of texts. `predictions` are class ids for classifiers, numbers for
// regression, and indices of choices for questions; `labels` the same. Both have the same length, at least 1.
struct Metric {
  std::string_view name;         // as it stands in result.json
  std::string_view description;  // one line
  double lowest;                 // range, inclusive; may be infinite
  double highest;
  bool higher_is_better;
  double (*compute)(std::span<const double> predictions, std::span<const double> labels) = nullptr;  // null for texts
  // Questions: the answer is the choice with the greatest log-likelihood per this length (the first of equals); null: as it is.
  double (*length)(const EncodedChoice& choice) = nullptr;
  int among = 1;  // classes: a prediction is right when the label is among so many likeliest
  double (*of_text)(const TextLikelihood& text) = nullptr;  // null for answers
  bool is_exponential = false;                              // its logarithm is what adds up: a perplexity
};

// A metric's value turned so that higher is better, and so that means and areas make sense: −value where lower is better, and −ln of
// a perplexity.
double higher_is_better_value(const Metric& metric, double value);

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

// exp(−log-likelihood per token), per word; at most the largest double.
double perplexity(const TextLikelihood& text);
double word_perplexity(const TextLikelihood& text);
// −log-likelihood in bits per byte of the texts.
double bits_per_byte(const TextLikelihood& text);

// All metrics, also "matthews-scaled" and "pearson-scaled": (1 + r) / 2, the form in which the HIES paper prints CoLA and STS-B.
std::span<const Metric> metrics() noexcept;

// Throws bad_input for an unknown name, with the known ones as hint.
const Metric& metric(std::string_view name);

}  // namespace hies::data
