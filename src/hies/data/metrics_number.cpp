// Metrics of numbers.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "hies/data/metrics.h"

namespace hies::data {
namespace {

bool constant(std::span<const double> values) {
  return std::all_of(values.begin(), values.end(), [&](double value) { return value == values.front(); });
}

double mean(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// Ranks from 1; equal values share the average of the ranks they take up.
std::vector<double> average_ranks(std::span<const double> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    for (std::size_t i = begin; i < end; ++i) ranks[order[i]] = static_cast<double>(begin + 1 + end) / 2;
  }
  return ranks;
}

}  // namespace

double pearson(std::span<const double> predictions, std::span<const double> labels) {
  check_metric_input(predictions, labels);
  if (constant(predictions) || constant(labels)) return 0;
  const double predicted_mean = mean(predictions), label_mean = mean(labels);
  double covariance = 0, predicted_variance = 0, label_variance = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const double p = predictions[i] - predicted_mean, l = labels[i] - label_mean;
    covariance += p * l;
    predicted_variance += p * p;
    label_variance += l * l;
  }
  return std::clamp(covariance / std::sqrt(predicted_variance) / std::sqrt(label_variance), -1.0, 1.0);
}

double spearman(std::span<const double> predictions, std::span<const double> labels) {
  check_metric_input(predictions, labels);
  return pearson(average_ranks(predictions), average_ranks(labels));
}

double mse(std::span<const double> predictions, std::span<const double> labels) {
  check_metric_input(predictions, labels);
  double sum = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) sum += (predictions[i] - labels[i]) * (predictions[i] - labels[i]);
  return sum / static_cast<double>(labels.size());
}

}  // namespace hies::data
