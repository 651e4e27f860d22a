#pragma once

#include <functional>
#include <optional>
#include <string>

#include "hies/evidence/records.h"

namespace hies::evidence {

// A number of a record that tables show, in the unit in which they show it.
struct Measure {
  std::string name;  // "accuracy"
  std::string unit;  // "%", or empty
  int digits = 2;
  bool higher_is_better = true;
  bool is_exponential = false;                             // data/metrics.h: areas are of its logarithm
  std::function<std::optional<double>(const Record&)> of;  // not set: the record has none

  // "accuracy, %"
  std::string described() const { return unit.empty() ? name : name + ", " + unit; }
};

// How tables show a metric. `as_is`: shares in per cent, all else unchanged. `paper`: also correlations as per cent of (1 + r) /
// 2.
enum class Form { as_is, paper };

// Returns the primary metric of the record's task. It is not set for a record without labels, and in the paper's form for a
// metric without bounds.
std::optional<Measure> quality_measure(const Record& example, Form form);

Measure stability_measure();

}  // namespace hies::evidence
