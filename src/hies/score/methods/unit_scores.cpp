#include "hies/score/methods/unit_scores.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>

#include "hies/base/error.h"
#include "hies/base/suggest.h"
#include "hies/score/statistics/statistic.h"

namespace hies::score {
namespace {

double gather(const std::vector<double>& values, Aggregation aggregation, GroupScore group) {
  if (values.size() == 1) return values.front();  // exact, norms too
  const bool norm = aggregation == Aggregation::norm;
  double sum = 0, greatest = values.front();
  for (const double value : values) {
    sum += norm ? value * value : value;
    greatest = std::max(greatest, value);
  }
  if (aggregation == Aggregation::mean) return sum / static_cast<double>(values.size());
  if (group == GroupScore::max) return greatest;
  return norm ? std::sqrt(sum) : sum;
}

// Returns the scores of a model whose units are `groups`, each known by its first member: what ranks heads ranks them.
Scores gathered(const Scores& scores, const model::UnitGroups& groups, GroupScore group_score) {
  Scores all;
  all.constants = scores.constants;
  all.site_values = scores.site_values;
  all.layout = scores.layout;
  for (const auto& [site, of_site] : groups) {
    model::SiteLayout& present = all.layout.at(site);
    present.units.clear();
    present.padding.clear();
    for (const std::vector<int>& group : of_site) present.units.push_back(group.front());
  }
  for (const auto& [name, table] : scores.tables) {
    const Aggregation aggregation = aggregation_of(name);
    model::UnitTable<double>& rows = all.tables[name];
    for (const auto& [site, of_site] : groups) {
      if (!table.contains(site)) continue;
      std::vector<double>& row = rows[site];
      for (const std::vector<int>& group : of_site) {
        std::vector<double> values;
        values.reserve(group.size());
        for (const int unit : group)
          values.push_back(table.at(site)[static_cast<std::size_t>(scores.layout.at(site).position_of(unit))]);
        row.push_back(gather(values, aggregation, group_score));
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
  constexpr model::SiteKind kSites = model::SiteKind::attention;
  check_options(options);
  const GroupScore group = parse_group_score(options.group_score);
  UnitScores result;
  result.kind = model::chosen_unit_kind(options.units, scores.layout);
  // Which heads of a layer's groups are removed together is a matter of each head's own score.
  model::UnitTable<double> own;
  if (result.kind == model::UnitKind::even)
    own = keep_scores(gathered(scores, model::make_units(scores.layout, kSites, model::UnitKind::head), group), options);
  result.units = model::make_units(scores.layout, kSites, result.kind, own);
  result.keep = keep_scores(gathered(scores, result.units, group), options);
  return result;
}

model::UnitTable<double> spread_over_heads(const UnitScores& scores, const model::Layout& layout) {
  double least = std::numeric_limits<double>::infinity();
  for (const auto& [site, row] : scores.keep)
    for (const double value : row) least = std::min(least, value);
  model::UnitTable<double> table(layout, model::SiteKind::attention, std::isfinite(least) ? least : 0);
  for (const auto& [site, groups] : scores.units)
    for (std::size_t unit = 0; unit < groups.size(); ++unit)
      for (const int head : groups[unit])
        table.at(site)[static_cast<std::size_t>(layout.at(site).position_of(head))] = scores.keep.at(site)[unit];
  return table;
}

}  // namespace hies::score
