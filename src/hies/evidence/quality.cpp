// Tables of quality and stability in the paper's layout: methods × tasks × ratios.
#include <algorithm>

#include "hies/evidence/kinds.h"
#include "hies/evidence/run_columns.h"

namespace hies::evidence {
namespace {

constexpr const char* kSpread =
    "Mean ± standard deviation over the seeds, of random over all its masks; ratio: share of the heads that is removed, where "
    "nothing else is named. Heads are ranked by the gradient of the task's own loss where no other is named. Bold: the best of "
    "its ratio.";

Table by_ratio(const Evidence& evidence, std::vector<RunMeasure> measures, Table table) {
  const RunColumns runs(evidence, std::move(measures));
  // Shares of different things are compared only with their like.
  std::vector<std::string> budgets;
  for (const Series& series : evidence.shown_series())
    if (std::find(budgets.begin(), budgets.end(), series.budget) == budgets.end()) budgets.push_back(series.budget);
  const bool named = budgets.size() > 1 || (budgets.size() == 1 && budgets.front() != kRatioBudget);
  if (named) table.columns.push_back(text_column("ratio of"));
  table.columns.push_back(number_column("ratio", digits_for(evidence.ratios())));
  table.columns.push_back(text_column("method"));
  const std::size_t lead = table.columns.size();
  for (TableColumn& column : runs.columns()) table.columns.push_back(std::move(column));
  const auto add = [&](const std::string& budget, double ratio, const std::string& method, std::vector<TableCell> cells) {
    if (!has_numbers(cells)) return;
    TableRow row{{}, false};
    if (named) row.cells.push_back(text_cell(budget));
    row.cells.insert(row.cells.end(), {number_cell(ratio), text_cell(method)});
    row.cells.insert(row.cells.end(), cells.begin(), cells.end());
    table.rows.push_back(std::move(row));
  };
  add("", 0, "unpruned", runs.unpruned_cells());
  for (const std::string& budget : budgets)
    for (const double ratio : evidence.ratios()) {
      const std::size_t begin = table.rows.size();
      for (const Series& series : evidence.shown_series())
        if (series.budget == budget) add(budget_label(budget), ratio, label(series), runs.cells(series, ratio));
      if (table.rows.size() > begin) table.rows[begin].begins_group = true;
      runs.mark_best(table, lead, begin, table.rows.size());
    }
  return table;
}

}  // namespace

std::vector<Table> quality_tables(const Evidence& evidence) {
  std::vector<Table> tables;
  const std::vector<RunMeasure> as_is = qualities(evidence, Form::as_is), paper = qualities(evidence, Form::paper);
  if (!as_is.empty())
    tables.push_back(
        by_ratio(evidence, as_is, {"quality", "Quality", std::string("Primary metric of each task. ") + kSpread, {}, {}}));
  const bool differs = std::any_of(paper.begin(), paper.end(), [&](const RunMeasure& p) {
    return std::none_of(as_is.begin(), as_is.end(),
                        [&](const RunMeasure& a) { return a.run == p.run && a.measure.name == p.measure.name; });
  });
  if (differs)
    tables.push_back(by_ratio(evidence, paper,
                              {"quality-paper-form",
                               "Quality, correlations as the paper prints them",
                               std::string("Primary metric of each task, correlations r as (1 + r) / 2. ") + kSpread,
                               {},
                               {}}));
  tables.push_back(
      by_ratio(evidence, stabilities(evidence),
               {"stability",
                "Stability",
                std::string("Share of the examples on which the pruned model answers as the unpruned one does. ") + kSpread,
                {},
                {}}));
  return tables;
}

}  // namespace hies::evidence
