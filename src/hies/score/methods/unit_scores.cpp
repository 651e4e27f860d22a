#include "hies/score/methods/unit_scores.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
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

void check_sites_are_scored(const Scores& scores, const MethodOptions& options, const model::UnitGroups& units) {
  for (const std::string_view asked : find_method(options.method).tables)
    for (const StatisticTable& table : find_statistic(asked).tables) {
      const auto found = scores.tables.find(table.name);
      if (found == scores.tables.end()) continue;  // keep_scores says so
      for (const auto& [site, groups] : units)
        if (!found->second.contains(site))
          throw Error(ErrorKind::bad_input,
                      fmt::format("the scores have no values of {}s, which sites '{}' ask for", model::unit_noun(site.kind),
                                  options.sites),
                      fmt::format("run `hies score` again with `tables` {} and `sites` {}", asked, options.sites));
    }
}

void add_groups(const model::UnitGroups& more, model::UnitGroups& groups) {
  for (const auto& [site, of_site] : more) groups[site] = of_site;
}

// Returns a layer's neurons in blocks of `multiple`, lowest scores first. What the width has beyond a multiple is the first block, so
// that every beginning leaves a multiple.
std::vector<std::vector<int>> blocks_of(const std::vector<std::vector<int>>& neurons, const std::vector<double>& scores,
                                        std::int64_t multiple) {
  std::vector<std::size_t> order(neurons.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return scores[a] < scores[b]; });
  std::vector<std::vector<int>> blocks;
  const auto block = static_cast<std::size_t>(multiple);
  std::size_t room = neurons.size() % block == 0 ? block : neurons.size() % block;
  for (std::size_t i = 0; i < order.size();) {
    std::vector<int>& own = blocks.emplace_back();
    for (; own.size() < room && i < order.size(); ++i) own.push_back(neurons[order[i]].front());
    std::sort(own.begin(), own.end());
    room = block;
  }
  return blocks;
}

}  // namespace

GroupScore parse_group_score(std::string_view name) {
  if (name == "sum") return GroupScore::sum;
  if (name == "max") return GroupScore::max;
  const std::array<std::string, 2> known = {"sum", "max"};
  throw Error(ErrorKind::bad_input, fmt::format("unknown group score '{}'", printable(name)), known_names_hint(name, known));
}

namespace {

// Each site by its own method.
UnitScores scores_of_each_site(const Scores& scores, const MethodOptions& options) {
  UnitScores all;
  all.kind = model::chosen_unit_kind(options.units, scores.layout);
  for (const model::SiteKind kind : model::parse_site_kinds(options.sites)) {
    const UnitScores own = unit_scores(scores, for_site(options, kind));
    add_groups(own.units, all.units);
    for (const auto& [site, row] : own.keep) all.keep[site] = row;
  }
  return all;
}

}  // namespace

UnitScores unit_scores(const Scores& scores, const MethodOptions& options) {
  check_options(options);
  if (!options.ffn_method.empty() && options.ffn_method != options.method) return scores_of_each_site(scores, options);
  const GroupScore group = parse_group_score(options.group_score);
  const std::vector<model::SiteKind> sites = model::parse_site_kinds(options.sites);
  UnitScores result;
  result.kind = model::chosen_unit_kind(options.units, scores.layout);
  result.additive = find_method(options.method).additive;
  model::UnitGroups single;
  for (const model::SiteKind site : sites) add_groups(model::make_units(scores.layout, site, model::UnitKind::head), single);
  check_sites_are_scored(scores, options, single);
  // Which heads of a layer's groups are removed together, and which neurons, is a matter of each one's own score.
  const bool blocks = model::names_site_kind(options.sites, model::SiteKind::ffn) && options.ffn_multiple > 1;
  model::UnitTable<double> own;
  if (result.kind == model::UnitKind::even || blocks) own = keep_scores(gathered(scores, single, group), options);
  if (model::names_site_kind(options.sites, model::SiteKind::attention))
    add_groups(model::make_units(scores.layout, model::SiteKind::attention, result.kind, own), result.units);
  for (const auto& [site, neurons] : single)
    if (site.kind == model::SiteKind::ffn)
      result.units[site] = blocks ? blocks_of(neurons, own.at(site), options.ffn_multiple) : neurons;
  result.keep = keep_scores(gathered(scores, result.units, group), options);
  return result;
}

model::UnitTable<double> spread_over_heads(const UnitScores& scores, const model::Layout& layout) {
  double least = std::numeric_limits<double>::infinity();
  for (const auto& [site, row] : scores.keep)
    for (const double value : row)
      if (site.kind == model::SiteKind::attention) least = std::min(least, value);
  model::UnitTable<double> table(layout, model::SiteKind::attention, std::isfinite(least) ? least : 0);
  for (const auto& [site, groups] : scores.units)
    for (std::size_t unit = 0; site.kind == model::SiteKind::attention && unit < groups.size(); ++unit)
      for (const int head : groups[unit])
        table.at(site)[static_cast<std::size_t>(layout.at(site).position_of(head))] = scores.keep.at(site)[unit];
  return table;
}

}  // namespace hies::score
