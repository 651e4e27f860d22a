#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "hies/evidence/records.h"

namespace hies::evidence {

// The cells of a sweep that differ only in run, ratio and seed: a row of a table.
struct Series {
  std::string method;
  bool uniform = false;
  bool loss_chosen = false;              // on held-out rows, for each run
  std::string loss;                      // empty: the task's own, or none, or chosen
  bool alpha_chosen = false;             // on held-out rows, for each run
  std::optional<double> alpha;           // not set: none, or chosen
  std::optional<std::int64_t> examples;  // of a calibration set that is not of the usual size
  std::string sites = "attention";       // RecordKey::sites
  std::string budget{kRatioBudget};      // RecordKey::budget
  std::string refit{kNoRefit};           // RecordKey::refit

  bool operator==(const Series&) const = default;
};

// Returns the series of a record. `examples` is the usual size of the calibration set. Throws bad_input for an unknown task.
Series series_of(const Record& record, std::int64_t examples);

// Orders rows: shares of units before shares of costs; heads, then neurons, then both; without a refit before with one; methods as in the paper, the simple ones first (score/methods, last to first), uniform ratios after global ones;
// the task's own loss, others by name, then the chosen one; alpha from 0 to 1, then the chosen one.
bool operator<(const Series& a, const Series& b);

// Returns the name of a row: "hies α = 0.7", "his/uniform, loss logit-norm", "hies α auto", "fisher, heads + neurons, by matrix FLOPs,
// refit all".
std::string label(const Series& series);
// Returns the same without alpha.
std::string label_without_alpha(const Series& series);

// Returns "heads", "neurons" or "heads + neurons".
std::string sites_label(std::string_view sites);
// Returns what the ratio of a budget is a share of: "units", "matrix FLOPs", "FLOPs" or "parameters".
std::string budget_label(std::string_view budget);

// Returns whether alpha is a value of the grid: neither chosen nor absent.
inline bool has_grid_alpha(const Series& series) { return series.alpha.has_value() && !series.alpha_chosen; }

}  // namespace hies::evidence
