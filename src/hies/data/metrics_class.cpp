// Metrics of class ids.
#include <cmath>
#include <map>

#include "hies/data/metrics.h"

namespace hies::data {
double accuracy(std::span<const double> predictions, std::span<const double> labels) {
  check_metric_input(predictions, labels);
  std::size_t right = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) right += predictions[i] == labels[i] ? 1 : 0;
  return static_cast<double>(right) / static_cast<double>(labels.size());
}

double f1(std::span<const double> predictions, std::span<const double> labels) {
  check_metric_input(predictions, labels);
  std::size_t both = 0, either = 0;  // `either` counts predicted plus labelled positives
  for (std::size_t i = 0; i < labels.size(); ++i) {
    both += predictions[i] == 1 && labels[i] == 1 ? 1 : 0;
    either += (predictions[i] == 1 ? 1 : 0) + (labels[i] == 1 ? 1 : 0);
  }
  return either == 0 ? 0.0 : 2.0 * static_cast<double>(both) / static_cast<double>(either);
}

double matthews(std::span<const double> predictions, std::span<const double> labels) {
  check_metric_input(predictions, labels);
  struct Count {
    double predicted = 0, labelled = 0;
  };
  std::map<double, Count> classes;
  double right = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    classes[predictions[i]].predicted += 1;
    classes[labels[i]].labelled += 1;
    right += predictions[i] == labels[i] ? 1 : 0;
  }
  const double rows = static_cast<double>(labels.size());
  double products = 0, predicted_squares = 0, labelled_squares = 0;
  for (const auto& [id, count] : classes) {
    products += count.predicted * count.labelled;
    predicted_squares += count.predicted * count.predicted;
    labelled_squares += count.labelled * count.labelled;
  }
  const double scale = (rows * rows - predicted_squares) * (rows * rows - labelled_squares);
  return scale == 0 ? 0.0 : (right * rows - products) / std::sqrt(scale);
}

}  // namespace hies::data
