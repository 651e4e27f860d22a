#include "hies/score/methods/normalise.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string>

#include "hies/base/error.h"
#include "hies/base/suggest.h"

namespace hies::score {
namespace {

struct Range {
  double least = std::numeric_limits<double>::infinity();
  double greatest = -std::numeric_limits<double>::infinity();

  void include(const std::vector<double>& row) {
    for (const double value : row) {
      least = std::min(least, value);
      greatest = std::max(greatest, value);
    }
  }
  void scale(std::vector<double>& row) const {
    for (double& value : row) value = greatest > least ? (value - least) / (greatest - least) : 0;
  }
};

}  // namespace

Scope parse_scope(std::string_view name) {
  if (name == "global") return Scope::global;
  if (name == "per-layer") return Scope::per_layer;
  const std::array<std::string, 2> known = {"global", "per-layer"};
  throw Error(ErrorKind::bad_input, fmt::format("unknown normalisation '{}'", printable(name)), known_names_hint(name, known));
}

model::UnitTable<double> min_max(model::UnitTable<double> table, Scope scope) {
  Range whole;
  for (const auto& [site, row] : table) whole.include(row);
  for (auto& [site, row] : table) {
    Range range = whole;
    if (scope == Scope::per_layer) {
      range = Range{};
      range.include(row);
    }
    range.scale(row);
  }
  return table;
}

model::UnitTable<double> ranked(model::UnitTable<double> table, Scope scope) {
  return scope == Scope::global ? table : min_max(std::move(table), scope);
}

model::UnitTable<double> mix(const model::UnitTable<double>& importance, const model::UnitTable<double>& entropy, double alpha,
                             Scope scope) {
  model::UnitTable<double> mixed = min_max(importance, scope);
  const model::UnitTable<double> spread = min_max(entropy, scope);
  for (auto& [site, row] : mixed)
    for (std::size_t unit = 0; unit < row.size(); ++unit)
      row[unit] = alpha * row[unit] + (1 - alpha) * (1 - spread.at(site)[unit]);
  return mixed;
}

}  // namespace hies::score
