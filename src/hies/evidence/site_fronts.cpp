// Fronts of quality against cost: heads, neurons and both, with and without a refit.
#include "hies/evidence/site_fronts.h"

#include <array>
#include <functional>
#include <map>
#include <set>

#include "hies/evidence/kinds.h"
#include "hies/evidence/pareto.h"

namespace hies::evidence {
namespace {

using Records = std::vector<const Record*>;
using Cost = std::optional<std::pair<double, double>>;  // what is left, and the share that is removed

Cost flops_of(const Records& records) {
  double left = 0, removed = 0;
  for (const Record* record : records) {
    left += record->measured.cost.flops_per_example;
    removed += record->measured.cost.removed.flops;
  }
  const auto count = static_cast<double>(records.size());
  return Cost({left / count, removed / count});
}

Cost latency_of(const Records& records) {
  for (const Record* record : records)
    if (const auto& ms = record->measured.latency_ms) return Cost({ms->median, 1 - ms->median / ms->unpruned_median});
  return std::nullopt;
}

struct SiteCost {
  const char* name;
  Cost (*of)(const Records& records);
};
constexpr std::array kSiteCosts = {SiteCost{"FLOPs per example", flops_of}, SiteCost{"latency, ms", latency_of}};

std::vector<FrontPoint> front_of(std::vector<FrontPoint> points, bool higher_is_better) {
  std::vector<double> costs, qualities;
  for (const FrontPoint& point : points) {
    costs.push_back(point.cost);
    qualities.push_back(higher_is_better ? *point.value.value : -*point.value.value);
  }
  std::vector<FrontPoint> front;
  for (const std::size_t i : pareto_front(costs, qualities)) front.push_back(std::move(points[i]));
  return front;
}

// Returns the points of all configurations by sites and refit.
std::map<std::pair<std::string, bool>, std::vector<FrontPoint>> all_points(const Evidence& evidence,
                                                                           const RunMeasure& run_measure, const SiteCost& cost) {
  std::map<std::pair<std::string, bool>, std::vector<FrontPoint>> groups;
  for (const Series& series : evidence.usual_series()) {
    if (series.method == "random") continue;
    for (const double ratio : evidence.ratios()) {
      const Records& records = evidence.records(series, run_measure.run, ratio);
      if (records.empty()) continue;
      const Cost at = cost.of(records);
      FrontPoint point{series,
                       ratio,
                       0,
                       0,
                       spread_cell(numbers_of(records, run_measure.measure)),
                       spread_cell(numbers_of(records, stability_measure()))};
      if (!at || !point.value.value) continue;
      std::tie(point.cost, point.removed) = *at;
      groups[{series.sites, series.refit != kNoRefit}].push_back(std::move(point));
    }
  }
  return groups;
}

Table sites_table(const Evidence& evidence, const std::vector<RunMeasure>& measures, Table table) {
  int digits = 0;
  for (const auto& [run, measure] : measures) digits = std::max(digits, measure.digits);
  table.columns = {text_column("run"),
                   text_column("cost"),
                   text_column("units"),
                   text_column("refit"),
                   number_column("left", 2),
                   number_column("removed, %", 2),
                   text_column("method"),
                   text_column("ratio of"),
                   number_column("ratio", digits_for(evidence.ratios())),
                   spread_column("value", digits),
                   spread_column("stability, %", stability_measure().digits)};
  for (const RunMeasure& run_measure : measures)
    for (const SiteFront& front : site_fronts(evidence, run_measure)) {
      bool begins = true;
      for (const FrontPoint& point : front.points) {
        table.rows.push_back({{text_cell(run_measure.run), text_cell(front.cost), text_cell(sites_label(front.sites)),
                               text_cell(point.series.refit), number_cell(point.cost), number_cell(100 * point.removed),
                               text_cell(label(point.series)), text_cell(budget_label(point.series.budget)),
                               number_cell(point.ratio), point.value, point.stability},
                              begins});
        begins = false;
      }
    }
  return table;
}

}  // namespace

std::vector<SiteFront> site_fronts(const Evidence& evidence, const RunMeasure& run_measure) {
  std::vector<SiteFront> fronts;
  for (const SiteCost& cost : kSiteCosts) {
    const auto groups = all_points(evidence, run_measure, cost);
    if (groups.size() < 2) continue;
    for (const auto& [kind, points] : groups)
      fronts.push_back({cost.name, kind.first, kind.second, front_of(points, run_measure.measure.higher_is_better)});
  }
  return fronts;
}

std::vector<Table> site_front_tables(const Evidence& evidence) {
  return {sites_table(
      evidence, qualities(evidence, Form::as_is),
      {"pareto-sites",
       "Heads, neurons and both, with and without a refit",
       "Means over the seeds that no other configuration of the same units, with or without a refit, beats in quality and cost. "
       "Chosen on the evaluation data: optimistic.",
       {},
       {}})};
}

}  // namespace hies::evidence
