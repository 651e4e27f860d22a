#include "hies/score/scores_read.h"

#include <algorithm>

#include "hies/model/unit_set.h"
#include "hies/score/statistics/statistic.h"

namespace hies::score {
namespace {

using model::Site;
using model::SiteLayout;

using Node = JsonNode;

// Reads ranges of the units of a site that had `original` of them.
std::vector<int> read_units(const Node& node, int original) {
  std::vector<int> units;
  try {
    units = model::parse_ranges(node.text());
  } catch (const Error& error) {
    node.fail(std::string("is no list of units: ") + error.what());
  }
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (units[i] >= original) node.fail(fmt::format("names {}, but the site had {} units", units[i], original));
    if (i > 0 && units[i] <= units[i - 1]) node.fail(fmt::format("names {} after {}: they must ascend", units[i], units[i - 1]));
  }
  return units;
}

Site read_site(const Node& node) {
  const int layer = small_count(node.member("layer"));
  const Node kind = node.member("kind");
  const std::string name = kind.text();
  for (const model::SiteKind known : {model::SiteKind::attention, model::SiteKind::cross_attention, model::SiteKind::ffn})
    if (model::site_kind_name(known) == name) return {layer, known};
  kind.fail(fmt::format("is '{}', which is no kind of site", printable(name)));
}

SiteLayout read_present(const Node& node, Site site) {
  SiteLayout present;
  present.original_units = small_count(node.member("original_units"));
  present.unit_size = small_count(node.member("unit_size"));
  present.units = read_units(node.member("units"), present.original_units);
  if (node.has("padding")) present.padding = read_units(node.member("padding"), present.original_units);
  for (const int unit : present.padding)
    if (present.position_of(unit) < 0) node.member("padding").fail(fmt::format("names {}, which is not among the units", unit));
  if (site.kind == model::SiteKind::ffn) return present;
  present.original_kv_heads = small_count(node.member("original_kv_heads"));
  check_groups(present, node.member("units"));
  for (const int head : present.units)
    if (present.kv_heads.empty() || present.kv_heads.back() != present.kv_of(head))
      present.kv_heads.push_back(present.kv_of(head));
  return present;
}

void read_sites(const Node& sites, Scores& s) {
  sites.each(sites.list_size(), "sites", [&](std::size_t, const Node& node) {
    const Site site = read_site(node);
    if (s.layout.contains(site)) node.fail("is a site that is there twice");
    s.layout[site] = read_present(node, site);
    if (node.has("unit_cost")) s.cost.per_unit[site] = read_cost(node.member("unit_cost"));
    if (node.has("kv_head_cost")) s.cost.per_kv_head[site] = read_cost(node.member("kv_head_cost"));
  });
}

// Calls `visit` with each site and what the lists by kind have for it.
template <class Visit>
void each_site(const Node& lists, const model::Layout& layout, const Visit& visit) {
  for (const auto& [kind, list] : lists.object().items()) {
    const Node node = lists.member(kind);
    std::vector<Site> sites;
    for (const auto& [site, present] : layout)
      if (model::site_kind_name(site.kind) == kind) sites.push_back(site);
    node.each(sites.size(), "sites of that kind", [&](std::size_t i, const Node& of_site) { visit(sites[i], of_site); });
  }
}

// Every layer has heads, if only those that are gone, and all sites have costs.
void check_sites(const Node& sites, const Scores& s) {
  for (int layer = 0; layer < s.layout.layer_count(); ++layer)
    if (!s.layout.contains(model::attention_site(layer))) sites.fail(fmt::format("has no attention of layer {}", layer));
  for (const auto& [site, present] : s.layout)
    if (!s.cost.per_unit.contains(site) || (site.kind != model::SiteKind::ffn && !s.cost.per_kv_head.contains(site)))
      sites.fail(fmt::format("has no costs of the {} of layer {}", model::site_kind_name(site.kind), site.layer));
}

// A table, or the values of sites, must have all sites of attention that its statistic is for, unless only neurons were scored, whose
// tables may lie in a file of their own.
template <class Rows>
void check_rows(const Node& lists, const Statistic& statistic, const model::Layout& layout, const Rows& rows) {
  constexpr model::SiteKind kKind = model::SiteKind::attention;
  if (!statistic.judges(kKind)) return;
  for (const Site site : layout.sites(kKind))
    if (!rows.contains(site)) lists.fail(fmt::format("has nothing of '{}'", model::site_kind_name(kKind)));
}

bool heads_are_scored(const Node& root) {
  const Node options = root.member("options");
  if (!options.has("sites")) return true;  // of an earlier version
  const Node sites = options.member("sites");
  try {
    return model::names_site_kind(sites.text(), model::SiteKind::attention);
  } catch (const Error& error) {
    sites.fail(error.what());
  }
}

void check_tables(const Node& root, const Scores& s) {
  if (!heads_are_scored(root)) return;
  for (const Statistic& statistic : statistics()) {
    for (const StatisticTable& table : statistic.tables)
      if (const auto found = s.tables.find(table.name); found != s.tables.end())
        check_rows(root.member("scores").member(table.name), statistic, s.layout, found->second);
    for (const std::string_view name : statistic.site_values)
      if (const auto found = s.site_values.find(name); found != s.site_values.end())
        check_rows(root.member("site_values").member(name), statistic, s.layout, found->second);
  }
}

void read_version_2(const Node& root, Scores& s) {
  read_sites(root.member("sites"), s);
  check_sites(root.member("sites"), s);
  const Node tables = root.member("scores");
  for (const auto& [name, lists] : tables.object().items()) {
    auto& table = s.tables[name];
    each_site(tables.member(name), s.layout,
              [&](Site site, const Node& row) { table[site] = read_row(row, s.layout.at(site).units.size()); });
  }
  if (root.has("site_values")) {
    const Node values = root.member("site_values");
    for (const auto& [name, lists] : values.object().items()) {
      auto& of_sites = s.site_values[name];
      each_site(values.member(name), s.layout, [&](Site site, const Node& value) { of_sites[site] = value.number(); });
    }
  }
  if (root.has("constants")) {
    const Node constants = root.member("constants");
    for (const auto& [name, value] : constants.object().items()) s.constants[name] = constants.member(name).number();
  }
  check_tables(root, s);
}

// Files of earlier versions do not say the FLOPs of matrices alone: of a head these are all but 4·S·D (model/cost.h).
void derive_matrix_flops(Scores& s) {
  for (auto& [site, cost] : s.cost.per_unit)
    if (cost.matrix_flops_per_token == kUnknown)
      cost.matrix_flops_per_token =
          std::max(0.0, cost.flops_per_token -
                            (site.kind == model::SiteKind::ffn ? 0 : 4.0 * s.cost.tokens * s.layout.at(site).unit_size));
  for (auto& [site, cost] : s.cost.per_kv_head)
    if (cost.matrix_flops_per_token == kUnknown) cost.matrix_flops_per_token = cost.flops_per_token;
}

}  // namespace

Scores scores_from_json(const Json& json, std::string_view where) {
  const Node root(json, where);
  const int version =
      schema_version(root, "hies.scores", 2, where, "score the model again", "give a file that `hies score` wrote");
  Scores s;
  const Node model = root.member("model");
  s.model_info.path = model.has("path") ? model.member("path").text() : "";
  s.model_info.model_type = model.member("model_type").text();
  if (version == 1) s.model_info.hashes = {model.member("hash").text()};
  else s.model_info.hashes = model::read_hashes(model);
  s.options = root.member("options").object();
  const Node calibration = root.member("calibration");
  s.calibration.file = calibration.has("file") ? calibration.member("file").text() : "";
  s.calibration.examples = calibration.member("examples").count();
  s.calibration.tokens = calibration.member("tokens").count();
  s.calibration.hash = calibration.member("hash").text();
  if (const Node loss = calibration.member("mean_loss"); !loss.is_null()) s.calibration.mean_loss = loss.number();
  const Node cost = root.member("cost");
  s.cost.parameters = cost.member("parameters").count();
  s.cost.flops_per_token = read_flops(cost.member("flops_per_token"));
  s.cost.tokens = cost.member("tokens").not_negative();
  if (version == 1) read_version_1(root, s);
  else read_version_2(root, s);
  derive_matrix_flops(s);
  if (root.has("timings")) {
    const Node timings = root.member("timings");
    for (const auto& [name, value] : timings.object().items()) s.timings[name] = timings.member(name).number();
  }
  return s;
}

}  // namespace hies::score
