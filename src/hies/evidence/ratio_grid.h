#pragma once

#include <string>
#include <vector>

#include "hies/evidence/evidence.h"
#include "hies/evidence/run_columns.h"
#include "hies/evidence/table.h"

namespace hies::evidence {

// A row of a grid: one value of alpha, or one number of examples.
struct GridRow {
  std::string group;  // rows of one group are compared with each other: "hies, loss logit-norm"
  double value = 0;   // alpha, or a number of examples
  Series series;
};

// Returns a table with, for each run, one row for each of `rows` and one column for each ratio; the best of a group's column is
// marked. `title` is that of the column of values. Rows of one group must be adjacent.
Table ratio_grid(const Evidence& evidence, const std::vector<RunMeasure>& measures, const std::vector<GridRow>& rows,
                 const std::string& title, Table table);

}  // namespace hies::evidence
