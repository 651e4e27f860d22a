#include "hies/eval/quality.h"

#include <fmt/ranges.h>

#include <cmath>
#include <functional>
#include <map>
#include <numeric>

#include "hies/base/error.h"
#include "hies/data/metrics.h"

namespace hies::eval {
namespace {

// The label where it is among the `most` likeliest classes (of equal ones the lowest come first), else the likeliest one.
std::vector<double> answers_among(int most, const data::Dataset& dataset, const Predictions& predictions) {
  std::vector<double> answers = predictions.answers;
  const auto classes = static_cast<std::size_t>(predictions.classes);
  for (std::size_t i = 0; most > 1 && i < answers.size(); ++i) {
    const auto logits = std::span(predictions.logits).subspan(i * classes, classes);
    const auto label = static_cast<std::size_t>(dataset.examples[i].label);
    std::ptrdiff_t before = 0;
    for (std::size_t v = 0; v < classes; ++v) before += logits[v] > logits[label] || (logits[v] == logits[label] && v < label);
    if (before < most) answers[i] = dataset.examples[i].label;
  }
  return answers;
}

// Judges some of a data set's examples.
class Judge {
 public:
  Judge(const data::Task& task, const data::Dataset& dataset, const Predictions& predictions) : dataset_(dataset) {
    for (const std::string& name : task.metrics) {
      const data::Metric& metric = data::metric(name);
      // Among all of the classes, every answer is right.
      if (metric.among > 1 && predictions.classes <= metric.among) continue;
      const bool asks = metric.of_text == nullptr && !dataset.examples.front().choices.empty();
      answers_.push_back(asks ? likeliest_choices(dataset, predictions, metric.length)
                              : answers_among(metric.among, dataset, predictions));
      metrics_.push_back(&metric);
    }
    likelihoods_ = predictions.log_likelihoods;
  }

  Metrics judge(const std::vector<std::size_t>& examples) const {
    Metrics metrics;
    for (std::size_t m = 0; m < metrics_.size(); ++m) {
      const data::Metric& metric = *metrics_[m];
      metrics.emplace_back(metric.name,
                           metric.of_text != nullptr ? metric.of_text(text(examples)) : judged(metric, answers_[m], examples));
    }
    return metrics;
  }

 private:
  double judged(const data::Metric& metric, const std::vector<double>& answers, const std::vector<std::size_t>& examples) const {
    std::vector<double> given, labels;
    for (const std::size_t i : examples) {
      given.push_back(answers[i]);
      labels.push_back(dataset_.examples[i].label);
    }
    return metric.compute(given, labels);
  }

  // Windows have one likelihood each.
  data::TextLikelihood text(const std::vector<std::size_t>& examples) const {
    data::TextLikelihood text;
    for (const std::size_t i : examples) {
      text.log_likelihood += likelihoods_[i];
      text.tokens += dataset_.examples[i].targets;
      text.words += dataset_.examples[i].words;
      text.bytes += dataset_.examples[i].bytes;
    }
    return text;
  }

  const data::Dataset& dataset_;
  std::vector<const data::Metric*> metrics_;
  std::vector<std::vector<double>> answers_;  // for each metric
  std::vector<double> likelihoods_;
};

std::vector<GroupQuality> judge_groups(const Judge& judge, const std::map<std::string, std::vector<std::size_t>>& groups) {
  std::vector<GroupQuality> all;
  all.reserve(groups.size());
  for (const auto& [name, examples] : groups)
    all.push_back({name, static_cast<std::int64_t>(examples.size()), judge.judge(examples)});
  return all;
}

}  // namespace

std::vector<double> likeliest_choices(const data::Dataset& dataset, const Predictions& predictions,
                                      double (*length)(const data::EncodedChoice&)) {
  std::vector<double> answers;
  for (std::size_t i = 0; i < dataset.examples.size(); ++i) {
    const std::span<const double> likelihoods = predictions.likelihoods(i);
    const auto per_length = [&](std::size_t choice) {
      return length == nullptr ? likelihoods[choice] : likelihoods[choice] / length(dataset.examples[i].choices[choice]);
    };
    std::size_t best = 0;
    for (std::size_t choice = 1; choice < likelihoods.size(); ++choice)
      if (per_length(choice) > per_length(best)) best = choice;
    answers.push_back(static_cast<double>(best));
  }
  return answers;
}

Metrics quality(const data::Task& task, const data::Dataset& dataset, const Predictions& predictions) {
  if (dataset.size() == 0) bad_input("{}: no examples to judge", dataset.source.string());
  if (!dataset.has_labels) return {};
  std::vector<std::size_t> all(dataset.examples.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  return Judge(task, dataset, predictions).judge(all);
}

void warn_of_undefined_metrics(const data::Task& task, const data::Dataset& dataset, Progress& progress) {
  if (!dataset.has_labels) return;
  std::vector<double> labels;
  for (const data::Example& example : dataset.examples) labels.push_back(example.label);
  std::vector<std::string> undefined, given;
  for (const std::string& name : task.metrics) {
    const data::Metric& metric = data::metric(name);
    if (metric.compute == nullptr) continue;
    const double of_right_answers = metric.compute(labels, labels);
    // Correlations of a column with itself miss 1 by what floating-point sums lose.
    if (std::abs(of_right_answers - (metric.higher_is_better ? metric.highest : metric.lowest)) < 1e-6) continue;
    undefined.push_back(name);
    given.push_back(fmt::format("{:g}", of_right_answers));
  }
  if (undefined.empty()) return;
  const std::string what = labels.size() == 1 ? "the only label is" : fmt::format("all {} labels are", labels.size());
  progress.warn(fmt::format("{}: {} {:g}, for which {} {} not defined: even right answers get {}", dataset.source.string(), what,
                            labels.front(), fmt::join(undefined, ", "), undefined.size() == 1 ? "is" : "are",
                            fmt::join(given, ", ")));
}

std::vector<GroupQuality> group_quality(const data::Task& task, const data::Dataset& dataset, const Predictions& predictions) {
  if (dataset.groups.empty() || !dataset.has_labels || dataset.size() == 0) return {};
  std::map<std::string, std::vector<std::size_t>> categories, groups;
  for (std::size_t i = 0; i < dataset.examples.size(); ++i) {
    const data::Dataset::Group& group = dataset.groups[static_cast<std::size_t>(dataset.examples[i].group)];
    categories[group.category].push_back(i);
    groups[group.name].push_back(i);
  }
  const Judge judge(task, dataset, predictions);
  std::vector<GroupQuality> all = judge_groups(judge, categories), single = judge_groups(judge, groups);
  all.insert(all.end(), std::make_move_iterator(single.begin()), std::make_move_iterator(single.end()));
  return all;
}

}  // namespace hies::eval
