#include "hies/evidence/ratio_grid.h"

#include <fmt/format.h>

#include <algorithm>

namespace hies::evidence {

Table ratio_grid(const Evidence& evidence, const std::vector<RunMeasure>& measures, const std::vector<GridRow>& rows,
                 const std::string& title, Table table) {
  std::vector<double> values;
  values.reserve(rows.size());
  for (const GridRow& row : rows) values.push_back(row.value);
  int digits = 0;
  for (const auto& [run, measure] : measures) digits = std::max(digits, measure.digits);
  table.columns = {text_column("run"), text_column("measure"), text_column("method"), number_column(title, digits_for(values))};
  const std::size_t lead = table.columns.size();
  for (const double ratio : evidence.ratios()) table.columns.push_back(spread_column(fmt::format("ratio {}", ratio), digits));

  for (const RunMeasure& run_measure : measures) {
    std::size_t begin = table.rows.size();
    const auto close_group = [&] {
      if (table.rows.size() > begin) table.rows[begin].begins_group = true;
      for (std::size_t i = lead; i < table.columns.size(); ++i)
        mark_best(table, i, begin, table.rows.size(), run_measure.measure.higher_is_better);
      begin = table.rows.size();
    };
    for (std::size_t k = 0; k < rows.size(); ++k) {
      if (k > 0 && rows[k].group != rows[k - 1].group) close_group();
      std::vector<TableCell> cells;
      for (const double ratio : evidence.ratios())
        cells.push_back(spread_cell(numbers_of(evidence.records(rows[k].series, run_measure.run, ratio), run_measure.measure)));
      if (!has_numbers(cells)) continue;
      TableRow row{{text_cell(run_measure.run), text_cell(run_measure.measure.described()), text_cell(rows[k].group),
                    number_cell(rows[k].value)},
                   false};
      row.cells.insert(row.cells.end(), cells.begin(), cells.end());
      table.rows.push_back(std::move(row));
    }
    close_group();
  }
  return table;
}

}  // namespace hies::evidence
