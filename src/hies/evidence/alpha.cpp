// Tables of alpha: the whole grid, and the curves of its best, median and worst value.
#include <algorithm>

#include "hies/evidence/kinds.h"
#include "hies/evidence/ratio_grid.h"

namespace hies::evidence {
namespace {

struct Point {
  Series series;
  TableCell quality;
};

// Returns the points, best first; of equals the smaller alpha first.
std::vector<Point> ranked(const Evidence& evidence, const std::vector<GridRow>& family, const RunMeasure& run_measure,
                          double ratio) {
  std::vector<Point> points;
  for (const GridRow& row : family) {
    const TableCell cell = spread_cell(numbers_of(evidence.records(row.series, run_measure.run, ratio), run_measure.measure));
    if (cell.value) points.push_back({row.series, cell});
  }
  std::stable_sort(points.begin(), points.end(), [&](const Point& a, const Point& b) {
    return run_measure.measure.higher_is_better ? *a.quality.value > *b.quality.value : *a.quality.value < *b.quality.value;
  });
  return points;
}

std::vector<std::vector<GridRow>> families(const std::vector<GridRow>& rows) {
  std::vector<std::vector<GridRow>> all;
  for (const GridRow& row : rows) {
    if (all.empty() || all.back().front().group != row.group) all.emplace_back();
    all.back().push_back(row);
  }
  return all;
}

Table curves(const Evidence& evidence, const std::vector<RunMeasure>& measures, const std::vector<GridRow>& rows) {
  Table table{
      "alpha-curves",
      "Best, median and worst α",
      "For each ratio the α of the grid with the best, the median (of an even number the better of the middle two) and the "
      "worst mean quality on the evaluation data, so that best is optimistic. Mean ± standard deviation over the seeds.",
      {},
      {}};
  std::vector<double> alphas;
  alphas.reserve(rows.size());
  for (const GridRow& row : rows) alphas.push_back(row.value);
  int digits = 0;
  for (const auto& [run, measure] : measures) digits = std::max(digits, measure.digits);
  const Measure stability = stability_measure();
  table.columns = {text_column("run"), text_column("measure"), text_column("method"),
                   number_column("ratio", digits_for(evidence.ratios()))};
  for (const std::string which : {"best", "median", "worst"}) {
    table.columns.push_back(number_column(which + " α", digits_for(alphas)));
    table.columns.push_back(spread_column(which + " quality", digits));
    table.columns.push_back(spread_column(which + " stability, %", stability.digits));
  }
  for (const RunMeasure& run_measure : measures) {
    for (const std::vector<GridRow>& family : families(rows)) {
      bool begins = true;
      for (const double ratio : evidence.ratios()) {
        const std::vector<Point> points = ranked(evidence, family, run_measure, ratio);
        if (points.size() < 2) continue;
        TableRow row{{text_cell(run_measure.run), text_cell(run_measure.measure.described()), text_cell(family.front().group),
                      number_cell(ratio)},
                     begins};
        begins = false;
        for (const std::size_t place : {std::size_t{0}, (points.size() - 1) / 2, points.size() - 1}) {
          row.cells.push_back(number_cell(points[place].series.alpha));
          row.cells.push_back(points[place].quality);
          row.cells.push_back(spread_cell(numbers_of(evidence.records(points[place].series, run_measure.run, ratio), stability)));
        }
        table.rows.push_back(std::move(row));
      }
    }
  }
  return table;
}

}  // namespace

std::vector<Table> alpha_tables(const Evidence& evidence) {
  std::vector<GridRow> rows;
  for (const Series& series : evidence.usual_series())
    if (has_grid_alpha(series)) rows.push_back({label_without_alpha(series), *series.alpha, series});
  const std::string caption = "Mean ± standard deviation over the seeds. α = 1 is HIS. Bold: the best α of its ratio.";
  const std::vector<RunMeasure> quality = qualities(evidence, Form::as_is);
  return {curves(evidence, quality, rows),
          ratio_grid(evidence, quality, rows, "α", {"alpha-quality", "Quality by α", caption, {}, {}}),
          ratio_grid(evidence, stabilities(evidence), rows, "α", {"alpha-stability", "Stability by α", caption, {}, {}})};
}

}  // namespace hies::evidence
