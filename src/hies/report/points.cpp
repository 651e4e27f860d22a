#include "hies/report/points.h"

#include <algorithm>

#include "hies/base/error.h"
#include "hies/sweep/grid.h"

namespace hies::report {
namespace {

using evidence::Record;
using Records = std::vector<const Record*>;

template <class Number>
double mean(const Records& records, const Number& number) {
  double sum = 0;
  for (const Record* record : records) sum += static_cast<double>(number(*record));
  return sum / static_cast<double>(records.size());
}

evidence::TableCell loss_increase(const Records& records) {
  std::vector<double> numbers;
  for (const Record* record : records)
    if (record->measured.bound.loss_increase) numbers.push_back(*record->measured.bound.loss_increase);
  return evidence::spread_cell(numbers);
}

Point point(const Records& records, double ratio, const RunPoints& run) {
  Point point;
  point.ratio = ratio;
  point.records = std::ssize(records);
  point.seeds = records;
  if (run.quality) point.quality = evidence::spread_cell(evidence::numbers_of(records, *run.quality));
  point.stability = evidence::spread_cell(evidence::numbers_of(records, run.stability));
  point.loss_increase = loss_increase(records);
  point.heads = mean(records, [](const Record& r) { return r.mask.heads; });
  point.parameters = mean(records, [](const Record& r) { return r.measured.cost.parameters; });
  point.flops = mean(records, [](const Record& r) { return r.measured.cost.flops_per_example; });
  point.heads_removed = mean(records, [](const Record& r) { return r.measured.cost.removed.heads; });
  point.parameters_removed = mean(records, [](const Record& r) { return r.measured.cost.removed.parameters; });
  point.flops_removed = mean(records, [](const Record& r) { return r.measured.cost.removed.flops; });
  for (const Record* record : records)
    if (record->measured.latency_ms && !point.latency) point.latency = record->measured.latency_ms;
  return point;
}

}  // namespace

bool RunPoints::is_mixed() const {
  return std::any_of(series.begin(), series.end(), [](const SeriesPoints& mine) {
    return mine.series.sites != evidence::Series().sites || mine.series.budget != evidence::kRatioBudget;
  });
}

RunPoints run_points(const evidence::Evidence& evidence, const std::string& run) {
  const Record* unpruned = evidence.unpruned(run);
  check(unpruned != nullptr, "a run has a record of the unpruned model");
  RunPoints all{run, evidence.quality(run, evidence::Form::as_is), evidence::stability_measure(), *unpruned, {}};
  for (const evidence::Series& series : evidence.series()) {
    SeriesPoints mine{series, evidence::label(series), sweep::parse_method(series.method).drawn, {}, {}};
    if (series.examples) mine.label += fmt::format(", {} examples", *series.examples);
    for (const double ratio : evidence.ratios()) {
      const Records& records = evidence.records(series, run, ratio);
      if (records.empty()) continue;
      if (mine.points.empty()) mine.example = *records.front();
      mine.points.push_back(point(records, ratio, all));
    }
    if (!mine.points.empty()) all.series.push_back(std::move(mine));
  }
  return all;
}

}  // namespace hies::report
