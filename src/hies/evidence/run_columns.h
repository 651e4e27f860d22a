#pragma once

#include <string>
#include <vector>

#include "hies/evidence/evidence.h"
#include "hies/evidence/table.h"

namespace hies::evidence {

// A measure of one run.
struct RunMeasure {
  std::string run;
  Measure measure;
};
// Return the measures of all runs that have them: quality needs labels and, in the paper's form, a metric with bounds.
std::vector<RunMeasure> qualities(const Evidence& evidence, Form form);
std::vector<RunMeasure> stabilities(const Evidence& evidence);

// The layout of the paper's tables: a column for each run and, where there are several in one unit, one for their average.
class RunColumns {
 public:
  RunColumns(const Evidence& evidence, std::vector<RunMeasure> measures);

  bool empty() const noexcept { return measures_.empty(); }
  std::vector<TableColumn> columns() const;
  // Return the cells over the seeds. There is an average when all runs have a value; it has an sd, that of the seeds' averages,
  // when all runs have the same seeds.
  std::vector<TableCell> cells(const Series& series, double ratio) const;
  std::vector<TableCell> unpruned_cells() const;
  // Marks the best of rows [begin, end), these columns beginning at `first`.
  void mark_best(Table& table, std::size_t first, std::size_t begin, std::size_t end) const;

 private:
  using Seeds = std::map<std::int64_t, double>;
  std::vector<TableCell> with_average(const std::vector<Seeds>& runs) const;

  const Evidence& evidence_;
  std::vector<RunMeasure> measures_;
  bool averaged_;
};

// Returns whether any cell has a number.
bool has_numbers(const std::vector<TableCell>& cells);

}  // namespace hies::evidence
