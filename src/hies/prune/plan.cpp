#include "hies/prune/plan.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <map>

#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/base/json_node.h"
#include "hies/model/units.h"
#include "hies/prune/remaining.h"

namespace hies::prune {
namespace {

std::string read_units(const Json& json, std::string_view where) {
  auto units = require<std::string>(json, "units", where);
  try {
    model::parse_unit_kind(units);
  } catch (const Error& error) {
    throw Error(ErrorKind::unsupported, fmt::format("{}: {}", where, error.what()), error.hint());
  }
  return units;
}

// Reads a key of version 1: only the number's usual form, so that no layer has two keys.
int read_layer(const std::string& key, std::string_view where) {
  int layer = -1;
  std::from_chars(key.data(), key.data() + key.size(), layer);
  if (layer < 0 || std::to_string(layer) != key)
    throw Error(ErrorKind::bad_input, fmt::format("{}: key '{}' of 'pruned' is not a layer's number", where, printable(key)),
                R"(write layers as "0", "1", …, each with a list of heads)");
  return layer;
}

std::vector<int> read_heads(const Json& list, const std::string& key, std::string_view where) {
  if (!list.is_array()) json_type_error(list, key, "a list of heads", where);
  std::vector<int> heads;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Json& value = list[i];
    const bool fits = value.is_number_integer() && value >= 0 && value <= std::numeric_limits<int>::max();
    if (!fits) json_type_error(value, fmt::format("{}[{}]", key, i), "a head's number 0, 1, …", where);
    heads.push_back(value.get<int>());
  }
  std::sort(heads.begin(), heads.end());
  if (const auto twice = std::adjacent_find(heads.begin(), heads.end()); twice != heads.end())
    bad_input("{}: '{}' lists head {} twice", where, key, *twice);
  return heads;
}

// "pruned" of version 1: {"0": [1, 5]}, query heads by layer.
model::UnitSet read_pruned(const Json& json, std::string_view where) {
  const Json* pruned = find_member(json, "pruned", where);
  if (pruned == nullptr || !pruned->is_object())
    json_type_error(pruned ? *pruned : Json(), "pruned", "an object of layers with lists of heads", where);
  model::UnitSet removed;
  for (const auto& [key, list] : pruned->items())
    removed.insert(model::attention_site(read_layer(key, where)), read_heads(list, "pruned." + key, where));
  return removed;
}

void check_unit(model::Site site, int unit, const model::SiteLayout& present, std::string_view where) {
  if (present.is_active(unit)) return;
  const std::string_view noun = model::unit_noun(site.kind);
  if (unit < 0 || unit >= present.original_units)
    throw Error(ErrorKind::bad_input, fmt::format("{}: layer {} has no {} {}", where, site.layer, noun, unit),
                fmt::format("{}s of that layer are 0 … {}", noun, present.original_units - 1));
  const std::vector<int> active = present.active();
  throw Error(ErrorKind::bad_input, fmt::format("{}: {} {} of layer {} is already removed", where, noun, unit, site.layer),
              active.empty() ? fmt::format("that layer has no {}s left", noun)
                             : fmt::format("that layer still has {}s {}", noun, model::range_text(active)));
}

void check_present(const Plan& plan, const model::Layout& layout, std::string_view where) {
  for (const auto& [site, units] : plan.removed) {
    if (site.layer < 0 || site.layer >= layout.layer_count())
      throw Error(ErrorKind::bad_input, fmt::format("{}: the model has no layer {}", where, site.layer),
                  layout.empty() ? "it has no layers" : fmt::format("its layers are 0 … {}", layout.layer_count() - 1));
    if (!layout.contains(site)) bad_input("{}: layer {} has no {}", where, site.layer, model::site_kind_name(site.kind));
    for (const int unit : units) check_unit(site, unit, layout.at(site), where);
  }
}

// Throws bad_input where the plan takes a part of what it says is removed together.
void check_units(const Plan& plan, const model::Layout& layout, std::string_view where) {
  const model::UnitKind kind = model::parse_unit_kind(plan.units);
  if (kind == model::UnitKind::head) return;
  for (const auto& [site, removed] : plan.removed) {
    if (site.kind == model::SiteKind::ffn) continue;
    const model::SiteLayout& heads = layout.at(site);
    std::map<int, std::size_t> present, taken;  // heads of each KV head
    for (const int head : heads.active()) ++present[heads.kv_of(head)];
    for (const int head : removed) ++taken[heads.kv_of(head)];
    for (const auto& [kv_head, count] : present) {
      const bool whole = kind == model::UnitKind::kv_group ? taken[kv_head] == 0 || taken[kv_head] == count
                                                           : taken[kv_head] == taken.begin()->second;
      if (!whole)
        throw Error(ErrorKind::bad_input,
                    fmt::format("{}: units are '{}', but of the {} heads of KV head {} in layer {} the plan takes {}", where,
                                plan.units, count, kv_head, site.layer, taken[kv_head]),
                    kind == model::UnitKind::kv_group ? "list all heads of a KV head or none, or write units \"head\""
                                                      : "list as many heads of each KV head of a layer, or write units \"head\"");
    }
  }
}

}  // namespace

Json to_json(const Plan& plan) {
  Json json;
  json["schema"] = kPlanSchema;
  model::put_hashes(json["model"], plan.model);
  json["units"] = plan.units;
  json["removed"] = model::to_json(plan.removed);
  for (const auto& [key, value] : plan.information.items()) {
    if (!json.contains(key)) json[key] = value;
  }
  return json;
}

Plan plan_from_json(const Json& json, std::string_view where) {
  const int version =
      schema_version(JsonNode(json, where), "hies.plan", 2, where, "plan again", "give a file that `hies plan` wrote");
  const std::string_view removed_key = version == 1 ? "pruned" : "removed";
  Plan plan;
  plan.model = model::read_hashes(JsonNode(json, where).member("model"));
  plan.units = read_units(json, where);
  if (version == 1) {
    plan.removed = read_pruned(json, where);
  } else {
    const Json* removed = find_member(json, removed_key, where);
    if (removed == nullptr) json_type_error(Json(), removed_key, "an object of sites with their units", where);
    plan.removed = model::unit_set_from_json(*removed, where, removed_key);
  }
  const std::array<std::string_view, 4> binding = {"schema", "model", "units", removed_key};
  for (const auto& [key, value] : json.items()) {
    if (std::find(binding.begin(), binding.end(), key) == binding.end()) plan.information[key] = value;
  }
  return plan;
}

Plan read_plan(const std::filesystem::path& path) { return plan_from_json(read_json(path), path.string()); }

void write_plan(const std::filesystem::path& path, const Plan& plan, bool force) {
  write_file(path, pretty(to_json(plan)), force);
}

void check_plan(const Plan& plan, const model::ModelHashes& model, const model::Layout& layout, std::string_view where,
                Progress& progress) {
  model::check_same_model(plan.model, model, where, "the plan is", "score this model and plan again", progress);
  check_present(plan, layout, where);
  check_units(plan, layout, where);
}

model::Gates gates(const Plan& plan, const model::Layout& layout) {
  check_present(plan, layout, "plan");
  return model::gates_without(plan.removed, layout);
}

model::Layout pruned_layout(const Plan& plan, const model::Layout& layout) {
  check_present(plan, layout, "plan");
  return remaining(layout, plan.removed);
}

}  // namespace hies::prune
