// Tables of the losses whose gradients rank heads.
#include <algorithm>

#include "hies/evidence/kinds.h"
#include "hies/evidence/run_columns.h"

namespace hies::evidence {
namespace {

constexpr std::string_view kLogit = "-logit";  // "hies-logit" is hies with another loss

struct Entry {
  std::string method;  // with alpha, without loss
  std::string loss;    // as tables show it
  Series series;
};

Entry entry_of(const Series& series) {
  Series bare = series;
  bare.loss.clear();
  bare.loss_chosen = false;
  if (bare.method.ends_with(kLogit)) bare.method.resize(bare.method.size() - kLogit.size());
  return {label(bare), series.loss_chosen ? "auto" : series.loss.empty() ? "the task's" : series.loss, series};
}

// Returns groups of one method with two losses or more, in the order of methods.
std::vector<std::vector<Entry>> compared(const Evidence& evidence) {
  std::vector<std::vector<Entry>> groups;
  for (const Series& series : evidence.shown_series()) {
    if (has_grid_alpha(series) && *series.alpha == 0) continue;  // HIES with alpha 0 does not depend on the loss
    const Entry entry = entry_of(series);
    auto group =
        std::find_if(groups.begin(), groups.end(), [&](const auto& some) { return some.front().method == entry.method; });
    if (group == groups.end()) group = groups.insert(groups.end(), std::vector<Entry>());
    const bool is_known = std::any_of(group->begin(), group->end(), [&](const Entry& other) { return other.loss == entry.loss; });
    if (!is_known) group->push_back(entry);
  }
  std::erase_if(groups, [](const auto& group) { return group.size() < 2; });
  return groups;
}

Table by_loss(const Evidence& evidence, std::vector<RunMeasure> measures, Table table) {
  const RunColumns runs(evidence, std::move(measures));
  table.columns = {text_column("method"), number_column("ratio", digits_for(evidence.ratios())), text_column("loss")};
  for (TableColumn& column : runs.columns()) table.columns.push_back(std::move(column));
  for (const std::vector<Entry>& group : compared(evidence)) {
    for (const double ratio : evidence.ratios()) {
      const std::size_t begin = table.rows.size();
      for (const Entry& entry : group) {
        std::vector<TableCell> cells = runs.cells(entry.series, ratio);
        if (!has_numbers(cells)) continue;
        TableRow row{{text_cell(entry.method), number_cell(ratio), text_cell(entry.loss)}, table.rows.size() == begin};
        row.cells.insert(row.cells.end(), cells.begin(), cells.end());
        table.rows.push_back(std::move(row));
      }
      runs.mark_best(table, 3, begin, table.rows.size());
    }
  }
  return table;
}

}  // namespace

std::vector<Table> loss_tables(const Evidence& evidence) {
  const std::string caption =
      "The loss whose gradient ranks heads; pseudo-label and logit-norm need no labels. Mean ± standard deviation over the "
      "seeds. "
      "Bold: the best loss for its method and ratio.";
  return {by_loss(evidence, qualities(evidence, Form::as_is), {"loss-quality", "Quality by loss", caption, {}, {}}),
          by_loss(evidence, stabilities(evidence), {"loss-stability", "Stability by loss", caption, {}, {}})};
}

}  // namespace hies::evidence
