#include "hies/evidence/run_columns.h"

#include <algorithm>
#include <numeric>

namespace hies::evidence {
namespace {

using Seeds = std::map<std::int64_t, double>;

std::vector<double> values(const Seeds& seeds) {
  std::vector<double> numbers;
  for (const auto& [seed, value] : seeds) numbers.push_back(value);
  return numbers;
}

bool same_seeds(const Seeds& a, const Seeds& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) { return x.first == y.first; });
}

// Returns whether all measures have the unit of the first one, and that one has a unit: numbers of different scales have no
// average.
bool share_a_unit(const std::vector<RunMeasure>& measures) {
  return std::all_of(measures.begin(), measures.end(), [&](const RunMeasure& m) {
    return !m.measure.unit.empty() && m.measure.unit == measures.front().measure.unit;
  });
}

TableCell average(const std::vector<Seeds>& runs) {
  Seeds sums;
  double mean = 0;
  bool alike = true;
  for (const Seeds& run : runs) {
    if (run.empty()) return {};
    alike = alike && same_seeds(run, runs.front());
    mean += *spread_cell(values(run)).value / static_cast<double>(runs.size());
    for (const auto& [seed, value] : run) sums[seed] += value / static_cast<double>(runs.size());
  }
  return alike ? spread_cell(values(sums)) : number_cell(mean);
}

}  // namespace

std::vector<RunMeasure> qualities(const Evidence& evidence, Form form) {
  std::vector<RunMeasure> measures;
  for (const std::string& run : evidence.runs())
    if (const std::optional<Measure> measure = evidence.quality(run, form)) measures.push_back({run, *measure});
  return measures;
}

std::vector<RunMeasure> stabilities(const Evidence& evidence) {
  std::vector<RunMeasure> measures;
  for (const std::string& run : evidence.runs()) measures.push_back({run, stability_measure()});
  return measures;
}

RunColumns::RunColumns(const Evidence& evidence, std::vector<RunMeasure> measures)
    : evidence_(evidence), measures_(std::move(measures)), averaged_(measures_.size() > 1 && share_a_unit(measures_)) {}

std::vector<TableColumn> RunColumns::columns() const {
  std::vector<TableColumn> columns;
  for (const auto& [run, measure] : measures_)
    columns.push_back(spread_column(run + " (" + measure.described() + ")", measure.digits));
  if (averaged_) columns.push_back(spread_column("average", measures_.front().measure.digits));
  return columns;
}

std::vector<TableCell> RunColumns::with_average(const std::vector<Seeds>& runs) const {
  std::vector<TableCell> cells;
  cells.reserve(runs.size() + 1);
  for (const Seeds& run : runs) cells.push_back(spread_cell(values(run)));
  if (averaged_) cells.push_back(average(runs));
  return cells;
}

std::vector<TableCell> RunColumns::cells(const Series& series, double ratio) const {
  std::vector<Seeds> runs;
  for (const auto& [run, measure] : measures_) runs.push_back(by_seed(evidence_.records(series, run, ratio), measure));
  return with_average(runs);
}

std::vector<TableCell> RunColumns::unpruned_cells() const {
  std::vector<Seeds> runs;
  for (const auto& [run, measure] : measures_) {
    const Record* record = evidence_.unpruned(run);
    runs.push_back(record == nullptr ? Seeds() : by_seed({record}, measure));
  }
  return with_average(runs);
}

void RunColumns::mark_best(Table& table, std::size_t first, std::size_t begin, std::size_t end) const {
  for (std::size_t i = 0; i < measures_.size(); ++i)
    evidence::mark_best(table, first + i, begin, end, measures_[i].measure.higher_is_better);
  if (averaged_) evidence::mark_best(table, first + measures_.size(), begin, end, measures_.front().measure.higher_is_better);
}

bool has_numbers(const std::vector<TableCell>& cells) {
  return std::any_of(cells.begin(), cells.end(), [](const TableCell& cell) { return cell.value.has_value(); });
}

}  // namespace hies::evidence
