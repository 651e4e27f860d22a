#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "hies/evidence/records.h"

namespace hies::evidence {

// What a row of a table is about: the cells of a sweep that differ in nothing but run, ratio and seed.
struct Series {
  std::string method;
  bool uniform = false;
  bool loss_chosen = false;              // by --loss auto, run by run
  std::string loss;                      // empty: the task's own, or none, or chosen
  bool alpha_chosen = false;             // by --alpha auto, run by run
  std::optional<double> alpha;           // not set: none, or chosen
  std::optional<std::int64_t> examples;  // of a calibration set that is not of the usual size

  bool operator==(const Series&) const = default;
};

// `examples`: the usual size of the calibration set. Throws bad_input for a task that there is not.
Series series_of(const Record& record, std::int64_t examples);

// The order of rows: methods as in the paper, the simple ones first (that of score/methods, last to first); with every layer alike
// after without; the task's own loss, others by name, the chosen one; alpha from 0 to 1, then the chosen one.
bool operator<(const Series& a, const Series& b);

// As "--alpha auto" and "--loss auto" have it: "hies α = 0.7", "his/uniform, loss logit-norm", "hies α auto".
std::string label(const Series& series);
// The same without alpha.
std::string label_without_alpha(const Series& series);

// Whether alpha is of the grid, not chosen and not absent.
inline bool has_grid_alpha(const Series& series) { return series.alpha.has_value() && !series.alpha_chosen; }

}  // namespace hies::evidence
