#include "hies/score/scores.h"

#include <algorithm>
#include <cmath>

#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/base/json_node.h"
#include "hies/model/unit_set.h"
#include "hies/score/neuron_tables.h"
#include "hies/score/statistics/statistic.h"

namespace hies::score {
namespace {

Json cost_json(const model::UnitCost& cost) {
  return {{"parameters", cost.parameters},
          {"flops_per_token", cost.flops_per_token},
          {"matrix_flops_per_token", cost.matrix_flops_per_token}};
}

Json sites_json(const Scores& scores) {
  Json json = Json::array();
  for (const auto& [site, present] : scores.layout) {
    Json entry = {{"layer", site.layer}, {"kind", model::site_kind_name(site.kind)}, {"units", model::range_text(present.units)}};
    if (!present.padding.empty()) entry["padding"] = model::range_text(present.padding);
    entry["original_units"] = present.original_units;
    if (site.kind != model::SiteKind::ffn) entry["original_kv_heads"] = present.original_kv_heads;
    entry["unit_size"] = present.unit_size;
    if (const auto cost = scores.cost.per_unit.find(site); cost != scores.cost.per_unit.end())
      entry["unit_cost"] = cost_json(cost->second);
    if (const auto cost = scores.cost.per_kv_head.find(site); cost != scores.cost.per_kv_head.end())
      entry["kv_head_cost"] = cost_json(cost->second);
    json.push_back(std::move(entry));
  }
  return json;
}

// {"attention": [one of each site of the kind, by layer]}.
template <class Rows>
Json by_kind(const Rows& rows) {
  Json json = Json::object();
  for (const auto& [site, row] : rows) json[std::string(model::site_kind_name(site.kind))].push_back(row);
  return json;
}

void check_table(const model::UnitTable<double>& table, std::string_view name, const model::Layout& layout) {
  for (const auto& [site, row] : table) {
    for (std::size_t position = 0; position < row.size(); ++position) {
      if (!std::isfinite(row[position]))
        throw Error(ErrorKind::bad_input,
                    fmt::format("score {} of layer {}, {} {} is {}", name, site.layer, model::unit_noun(site.kind),
                                layout.at(site).units[position], row[position]),
                    "the model's numbers overflow: try `dtype` float64");
    }
  }
}

template <class Map>
const typename Map::mapped_type& member(const Map& map, std::string_view name, std::string_view what) {
  const auto found = map.find(name);
  if (found == map.end()) bad_input("the scores have no {} '{}'", what, printable(name));
  return found->second;
}

}  // namespace

bool Scores::has(std::string_view statistic) const {
  const Statistic& entry = find_statistic(statistic);
  const auto all = [](const auto& names, const auto& there) { return std::all_of(names.begin(), names.end(), there); };
  return all(entry.tables, [&](const StatisticTable& own) { return tables.contains(own.name); }) &&
         all(entry.site_values, [&](std::string_view name) { return site_values.contains(name); }) &&
         all(entry.constants, [&](std::string_view name) { return constants.contains(name); });
}

const model::UnitTable<double>& Scores::table(std::string_view name) const { return member(tables, name, "table"); }

double Scores::site_value(std::string_view name, model::Site site) const {
  const auto& values = member(site_values, name, "values");
  const auto found = values.find(site);
  check(found != values.end(), "scores without a value of a site");
  return found->second;
}

double Scores::constant(std::string_view name) const { return member(constants, name, "constant"); }

model::UnitTable<model::UnitCost> Scores::unit_costs() const {
  model::UnitTable<model::UnitCost> table;
  for (const auto& [site, unit_cost] : cost.per_unit) table[site].assign(layout.at(site).units.size(), unit_cost);
  return table;
}

model::UnitTable<model::UnitCost> Scores::kv_head_costs() const {
  model::UnitTable<model::UnitCost> table;
  for (const auto& [site, kv_cost] : cost.per_kv_head) table[site].assign(layout.at(site).kv_heads.size(), kv_cost);
  return table;
}

void check_finite(const Scores& scores) {
  for (const auto& [name, table] : scores.tables) check_table(table, name, scores.layout);
  for (const auto& [name, values] : scores.site_values)
    for (const auto& [site, value] : values)
      if (!std::isfinite(value))
        throw Error(ErrorKind::bad_input, fmt::format("{} of layer {} is {}", name, site.layer, value),
                    "the model's numbers overflow: try `dtype` float64");
}

Json to_json(const Scores& s) {
  check_finite(s);
  Json json;
  json["schema"] = kScoresSchema;
  json["model"] = {{"path", s.model_info.path}, {"model_type", s.model_info.model_type}};
  model::put_hashes(json["model"], s.model_info.hashes);
  json["options"] = s.options;
  json["calibration"] = {{"file", s.calibration.file},
                         {"examples", s.calibration.examples},
                         {"tokens", s.calibration.tokens},
                         {"hash", s.calibration.hash},
                         {"mean_loss", s.calibration.mean_loss ? Json(*s.calibration.mean_loss) : Json()}};
  json["cost"] = {{"parameters", s.cost.parameters}, {"flops_per_token", s.cost.flops_per_token}, {"tokens", s.cost.tokens}};
  json["sites"] = sites_json(s);
  json["scores"] = Json::object();
  for (const auto& [name, table] : s.tables) json["scores"][name] = by_kind(table);
  for (const auto& [name, values] : s.site_values) json["site_values"][name] = by_kind(values);
  for (const auto& [name, value] : s.constants) json["constants"][name] = value;
  json["timings"] = s.timings;
  return json;
}

void write_scores(const std::filesystem::path& path, const Scores& scores, bool force) {
  Scores heads = scores;
  const auto neurons = take_neurons(heads);
  Json json = to_json(heads);
  if (!neurons.empty()) json["neurons"] = write_neurons(neurons_path(path), neurons, force);
  write_file(path, pretty(json), force);
}

Scores read_scores(const std::filesystem::path& path) {
  const Json json = read_json(path);
  Scores scores = scores_from_json(json, path.string());
  const JsonNode root(json, path.string());
  if (root.has("neurons")) read_neurons(path, root.member("neurons"), scores);
  check_finite(scores);
  return scores;
}

}  // namespace hies::score
