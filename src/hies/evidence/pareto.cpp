#include "hies/evidence/pareto.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "hies/base/error.h"
#include "hies/evidence/kinds.h"
#include "hies/evidence/run_columns.h"

namespace hies::evidence {
namespace {

struct CostKind {
  const char* title;
  double (*of)(const Record& record);
  double (*removed)(const Record& record);  // share of the unpruned model's
};
constexpr std::array kCosts = {
    CostKind{"heads", [](const Record& r) { return static_cast<double>(r.mask.heads); },
             [](const Record& r) { return r.measured.cost.removed.heads; }},
    CostKind{"parameters", [](const Record& r) { return static_cast<double>(r.measured.cost.parameters); },
             [](const Record& r) { return r.measured.cost.removed.parameters; }},
    CostKind{"FLOPs per example", [](const Record& r) { return r.measured.cost.flops_per_example; },
             [](const Record& r) { return r.measured.cost.removed.flops; }},
};

std::string label_of(const Record& record, const Evidence& evidence) {
  return record.is_unpruned() ? "unpruned" : label(series_of(record, evidence.examples()));
}

void add_front(const Evidence& evidence, const RunMeasure& run_measure, const CostKind& kind, Table& table) {
  std::vector<const Record*> records;
  std::vector<double> costs, qualities;
  for (const Record* record : evidence.usual_records(run_measure.run)) {
    const std::optional<double> value = run_measure.measure.of(*record);
    if (!value) continue;
    records.push_back(record);
    costs.push_back(kind.of(*record));
    qualities.push_back(run_measure.measure.higher_is_better ? *value : -*value);
  }
  bool begins = true;
  for (const std::size_t i : pareto_front(costs, qualities)) {
    const Record& record = *records[i];
    const std::optional<double> seed = record.key.seed ? std::optional(static_cast<double>(*record.key.seed)) : std::nullopt;
    table.rows.push_back(
        {{text_cell(run_measure.run), text_cell(run_measure.measure.described()), text_cell(kind.title), number_cell(costs[i]),
          number_cell(100 * kind.removed(record)), number_cell(run_measure.measure.of(record)),
          text_cell(label_of(record, evidence)), number_cell(record.key.ratio), number_cell(seed)},
         begins});
    begins = false;
  }
}

Table fronts(const Evidence& evidence, const std::vector<RunMeasure>& measures, Table table) {
  int digits = 0;
  for (const auto& [run, measure] : measures) digits = std::max(digits, measure.digits);
  table.columns = {text_column("run"),
                   text_column("measure"),
                   text_column("cost"),
                   number_column("left", 0),
                   number_column("removed, %", 2),
                   number_column("value", digits),
                   text_column("method"),
                   number_column("ratio", digits_for(evidence.ratios())),
                   number_column("seed", 0)};
  for (const RunMeasure& run_measure : measures)
    for (const CostKind& kind : kCosts) add_front(evidence, run_measure, kind, table);
  return table;
}

}  // namespace

std::vector<std::size_t> pareto_front(std::span<const double> cost, std::span<const double> quality) {
  check(cost.size() == quality.size(), "each point has a cost and a quality");
  std::vector<std::size_t> order(cost.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return cost[a] != cost[b] ? cost[a] < cost[b] : quality[a] > quality[b];
  });
  std::vector<std::size_t> front;
  for (const std::size_t i : order)
    if (front.empty() || quality[i] > quality[front.back()]) front.push_back(i);
  return front;
}

std::vector<Table> pareto_tables(const Evidence& evidence) {
  const std::string caption =
      "The records that no other one of the run beats: none costs as little and is as good. Single masks, chosen on the "
      "evaluation "
      "data: optimistic.";
  return {fronts(evidence, qualities(evidence, Form::as_is), {"pareto-quality", "Best quality for its cost", caption, {}, {}}),
          fronts(evidence, stabilities(evidence), {"pareto-stability", "Best stability for its cost", caption, {}, {}})};
}

}  // namespace hies::evidence
