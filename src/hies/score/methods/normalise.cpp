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
  double most = -std::numeric_limits<double>::infinity();

  void include(const std::vector<double>& row) {
    for (const double value : row) {
      least = std::min(least, value);
      most = std::max(most, value);
    }
  }
  void scale(std::vector<double>& row) const {
    for (double& value : row) value = most > least ? (value - least) / (most - least) : 0;
  }
};

}  // namespace

Scope parse_scope(std::string_view name) {
  if (name == "global") return Scope::global;
  if (name == "per-layer") return Scope::per_layer;
  const std::array<std::string, 2> known = {"global", "per-layer"};
  throw Error(ErrorKind::bad_input, fmt::format("unknown normalisation '{}'", printable(name)), known_names_hint(name, known));
}

model::HeadTable<double> min_max(model::HeadTable<double> table, Scope scope) {
  Range whole;
  for (const auto& row : table) whole.include(row);
  for (auto& row : table) {
    Range range = whole;
    if (scope == Scope::per_layer) {
      range = Range{};
      range.include(row);
    }
    range.scale(row);
  }
  return table;
}

model::HeadTable<double> ranked(model::HeadTable<double> table, Scope scope) {
  return scope == Scope::global ? table : min_max(std::move(table), scope);
}

model::HeadTable<double> mix(const model::HeadTable<double>& importance, const model::HeadTable<double>& entropy, double alpha,
                             Scope scope) {
  model::HeadTable<double> mixed = min_max(importance, scope);
  const model::HeadTable<double> spread = min_max(entropy, scope);
  for (std::size_t layer = 0; layer < mixed.size(); ++layer)
    for (std::size_t head = 0; head < mixed[layer].size(); ++head)
      mixed[layer][head] = alpha * mixed[layer][head] + (1 - alpha) * (1 - spread[layer][head]);
  return mixed;
}

}  // namespace hies::score
