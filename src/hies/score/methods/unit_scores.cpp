#include "hies/score/methods/unit_scores.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>

#include "hies/base/error.h"
#include "hies/base/suggest.h"

namespace hies::score {
namespace {

double gather(const std::vector<double>& values, std::string_view table, GroupScore group) {
  if (values.size() == 1) return values.front();  // exact, norms too
  const bool norm = table == "l2" || table == "l2-out";
  double sum = 0, most = values.front();
  for (const double value : values) {
    sum += norm ? value * value : value;
    most = std::max(most, value);
  }
  if (table == "ae") return sum / static_cast<double>(values.size());
  if (group == GroupScore::max) return most;
  return norm ? std::sqrt(sum) : sum;
}

// The scores of a model whose heads are the units, each known by its first head: what ranks heads ranks them.
Scores gathered(const Scores& scores, const model::UnitLayout& units, GroupScore group) {
  Scores all;
  all.curvature = scores.curvature;
  all.output_norms = scores.output_norms;
  all.layout = scores.layout;
  for (std::size_t layer = 0; layer < units.size(); ++layer) {
    all.layout[layer].heads.clear();
    all.layout[layer].dead.clear();
    for (const std::vector<int>& unit : units[layer]) all.layout[layer].heads.push_back(unit.front());
  }
  for (const auto& [name, table] : scores.tables) {
    model::HeadTable<double>& rows = all.tables[name] = model::HeadTable<double>(units.size());
    for (std::size_t layer = 0; layer < units.size(); ++layer) {
      for (const std::vector<int>& unit : units[layer]) {
        std::vector<double> values;
        for (const int head : unit)
          values.push_back(table[layer][static_cast<std::size_t>(scores.layout[layer].position_of(head))]);
        rows[layer].push_back(gather(values, name, group));
      }
    }
  }
  return all;
}

}  // namespace

GroupScore parse_group_score(std::string_view name) {
  if (name == "sum") return GroupScore::sum;
  if (name == "max") return GroupScore::max;
  const std::array<std::string, 2> known = {"sum", "max"};
  throw Error(ErrorKind::bad_input, fmt::format("unknown group score '{}'", printable(name)), known_names_hint(name, known));
}

UnitScores unit_scores(const Scores& scores, const MethodOptions& options) {
  check_options(options);
  const GroupScore group = parse_group_score(options.group_score);
  UnitScores result;
  result.kind = model::chosen_unit_kind(options.units, scores.layout);
  // Which heads of a layer's groups go together is a matter of each head's own score.
  model::HeadTable<double> own;
  if (result.kind == model::UnitKind::even)
    own = keep_scores(gathered(scores, model::make_units(scores.layout, model::UnitKind::head), group), options);
  result.units = model::make_units(scores.layout, result.kind, own);
  result.keep = keep_scores(gathered(scores, result.units, group), options);
  return result;
}

model::HeadTable<double> spread_over_heads(const UnitScores& scores, const model::HeadLayout& layout) {
  double least = std::numeric_limits<double>::infinity();
  for (const auto& row : scores.keep)
    for (const double value : row) least = std::min(least, value);
  model::HeadTable<double> table = model::make_head_table<double>(layout, std::isfinite(least) ? least : 0);
  for (std::size_t layer = 0; layer < layout.size(); ++layer)
    for (std::size_t unit = 0; unit < scores.units[layer].size(); ++unit)
      for (const int head : scores.units[layer][unit])
        table[layer][static_cast<std::size_t>(layout[layer].position_of(head))] = scores.keep[layer][unit];
  return table;
}

}  // namespace hies::score
