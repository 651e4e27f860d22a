#include "hies/data/metrics.h"

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "hies/base/error.h"
#include "hies/base/suggest.h"

namespace hies::data {
namespace {

double matthews_scaled(std::span<const double> predictions, std::span<const double> labels) {
  return (1 + matthews(predictions, labels)) / 2;
}
double pearson_scaled(std::span<const double> predictions, std::span<const double> labels) {
  return (1 + pearson(predictions, labels)) / 2;
}

double characters(const EncodedChoice& choice) { return static_cast<double>(choice.characters); }
double bytes(const EncodedChoice& choice) { return static_cast<double>(choice.bytes); }

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::array kMetrics = {
    Metric{"accuracy", "share of right predictions", 0, 1, true, accuracy},
    Metric{"f1", "F1 of class 1", 0, 1, true, f1},
    Metric{"matthews", "Matthews' correlation", -1, 1, true, matthews},
    Metric{"matthews-scaled", "(1 + Matthews' correlation) / 2", 0, 1, true, matthews_scaled},
    Metric{"pearson", "Pearson's correlation", -1, 1, true, pearson},
    Metric{"pearson-scaled", "(1 + Pearson's correlation) / 2", 0, 1, true, pearson_scaled},
    Metric{"spearman", "Spearman's rank correlation", -1, 1, true, spearman},
    Metric{"mse", "mean squared error", 0, kInfinity, false, mse},
    Metric{"acc", "share of questions whose likeliest choice is right", 0, 1, true, accuracy},
    Metric{"acc_norm", "the same, of the log-likelihood per character of the choice", 0, 1, true, accuracy, characters},
    Metric{"acc_bytes", "the same, per byte of the choice", 0, 1, true, accuracy, bytes},
    Metric{"top1", "share of images whose likeliest class is right", 0, 1, true, accuracy},
    Metric{"top5", "share of images whose class is among the five likeliest", 0, 1, true, accuracy, nullptr, 5},
    Metric{"perplexity", "of a token", 1, kInfinity, false, nullptr, nullptr, 1, perplexity, true},
    Metric{"word_perplexity", "of a word", 1, kInfinity, false, nullptr, nullptr, 1, word_perplexity, true},
    Metric{"bits_per_byte", "what a byte of the text takes", 0, kInfinity, false, nullptr, nullptr, 1, bits_per_byte},
};

}  // namespace

void check_metric_input(std::span<const double> predictions, std::span<const double> labels) {
  check(!labels.empty() && predictions.size() == labels.size(), "a metric gets one prediction per label");
}

double higher_is_better_value(const Metric& metric, double value) {
  if (metric.is_exponential) return -std::log(value);
  return metric.higher_is_better ? value : -value;
}

std::span<const Metric> metrics() noexcept { return kMetrics; }

const Metric& metric(std::string_view name) {
  std::vector<std::string> names;
  for (const Metric& known : kMetrics) {
    if (known.name == name) return known;
    names.emplace_back(known.name);
  }
  throw Error(ErrorKind::bad_input, fmt::format("unknown metric '{}'", printable(name)), known_names_hint(name, names));
}

}  // namespace hies::data
