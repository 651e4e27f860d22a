#include "hies/prune/plan.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <map>

#include <fmt/ranges.h>

#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/base/json_node.h"
#include "hies/model/units.h"
#include "hies/prune/left_heads.h"

namespace hies::prune {
namespace {

constexpr std::array<std::string_view, 4> kBinding = {"schema", "model", "units", "pruned"};

std::string read_units(const Json& json, std::string_view where) {
  auto units = require<std::string>(json, "units", where);
  try {
    model::parse_unit_kind(units);
  } catch (const Error& error) {
    throw Error(ErrorKind::unsupported, fmt::format("{}: {}", where, error.what()), error.hint());
  }
  return units;
}

// Only the number's usual form, so that no layer has two keys.
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

void check_head(int layer, int head, const model::LayerHeads& present, std::string_view where) {
  if (present.is_live(head)) return;
  if (head < 0 || head >= present.original_heads)
    throw Error(ErrorKind::bad_input, fmt::format("{}: layer {} has no head {}", where, layer, head),
                fmt::format("heads of that layer are 0 … {}", present.original_heads - 1));
  const std::vector<int> live = present.live();
  throw Error(
      ErrorKind::bad_input, fmt::format("{}: head {} of layer {} is already gone", where, head, layer),
      live.empty() ? "that layer has no heads left" : fmt::format("that layer still has heads {}", fmt::join(live, ", ")));
}

void check_heads(const Plan& plan, const model::HeadLayout& layout, std::string_view where) {
  for (const auto& [layer, heads] : plan.pruned) {
    if (layer < 0 || static_cast<std::size_t>(layer) >= layout.size())
      throw Error(ErrorKind::bad_input, fmt::format("{}: the model has no layer {}", where, layer),
                  layout.empty() ? "it has no layers" : fmt::format("its layers are 0 … {}", layout.size() - 1));
    for (const int head : heads) check_head(layer, head, layout[static_cast<std::size_t>(layer)], where);
  }
}

// That the plan takes whole units, as it says.
void check_units(const Plan& plan, const model::HeadLayout& layout, std::string_view where) {
  const model::UnitKind kind = model::parse_unit_kind(plan.units);
  if (kind == model::UnitKind::head) return;
  for (const auto& [key, gone] : plan.pruned) {
    const model::LayerHeads& layer = layout[static_cast<std::size_t>(key)];
    std::map<int, std::size_t> present, taken;  // heads of each KV head
    for (const int head : layer.live()) ++present[layer.kv_of(head)];
    for (const int head : gone) ++taken[layer.kv_of(head)];
    for (const auto& [kv_head, count] : present) {
      const bool whole = kind == model::UnitKind::kv_group ? taken[kv_head] == 0 || taken[kv_head] == count
                                                           : taken[kv_head] == taken.begin()->second;
      if (!whole)
        throw Error(ErrorKind::bad_input,
                    fmt::format("{}: units are '{}', but of the {} heads of KV head {} in layer {} the plan takes {}", where,
                                plan.units, count, kv_head, key, taken[kv_head]),
                    kind == model::UnitKind::kv_group ? "list all heads of a KV head or none, or write units \"head\""
                                                      : "list as many heads of each KV head of a layer, or write units \"head\"");
    }
  }
}

}  // namespace

int Plan::pruned_count() const noexcept {
  std::size_t count = 0;
  for (const auto& [layer, heads] : pruned) count += heads.size();
  return static_cast<int>(count);
}

Json to_json(const Plan& plan) {
  Json json;
  json["schema"] = kPlanSchema;
  json["model"] = {{"hash", plan.model_hash}};
  json["units"] = plan.units;
  json["pruned"] = Json::object();
  for (const auto& [layer, heads] : plan.pruned) json["pruned"][std::to_string(layer)] = heads;
  for (const auto& [key, value] : plan.information.items()) {
    if (!json.contains(key)) json[key] = value;
  }
  return json;
}

Plan plan_from_json(const Json& json, std::string_view where) {
  check_schema(JsonNode(json, where), kPlanSchema, where, "plan again", "give a file that `hies plan` wrote");
  Plan plan;
  plan.model_hash = JsonNode(json, where).member("model").member("hash").text();
  plan.units = read_units(json, where);
  const Json* pruned = find_member(json, "pruned", where);
  if (pruned == nullptr || !pruned->is_object())
    json_type_error(pruned ? *pruned : Json(), "pruned", "an object of layers with lists of heads", where);
  for (const auto& [key, list] : pruned->items()) {
    const int layer = read_layer(key, where);
    std::vector<int> heads = read_heads(list, "pruned." + key, where);
    if (!heads.empty()) plan.pruned[layer] = std::move(heads);
  }
  for (const auto& [key, value] : json.items()) {
    if (std::find(kBinding.begin(), kBinding.end(), key) == kBinding.end()) plan.information[key] = value;
  }
  return plan;
}

Plan read_plan(const std::filesystem::path& path) { return plan_from_json(read_json(path), path.string()); }

void write_plan(const std::filesystem::path& path, const Plan& plan, bool force) {
  write_file(path, pretty(to_json(plan)), force);
}

void check_plan(const Plan& plan, const std::string& model_hash, const model::HeadLayout& layout, std::string_view where) {
  if (plan.model_hash != model_hash)
    throw Error(ErrorKind::bad_input,
                fmt::format("{}: the plan is for model {}, but this model is {}", where, printable(plan.model_hash), model_hash),
                "score this model and plan again");
  check_heads(plan, layout, where);
  check_units(plan, layout, where);
}

model::HeadGates gates(const Plan& plan, const model::HeadLayout& layout) {
  check_heads(plan, layout, "plan");
  model::HeadGates gates = model::make_head_table<double>(layout, 1);
  for (const auto& [key, heads] : plan.pruned) {
    const auto layer = static_cast<std::size_t>(key);
    for (const int head : heads) gates[layer][static_cast<std::size_t>(layout[layer].position_of(head))] = 0;
  }
  return gates;
}

model::HeadLayout pruned_layout(const Plan& plan, const model::HeadLayout& layout) {
  check_heads(plan, layout, "plan");
  model::HeadLayout left = layout;
  for (const auto& [key, removed] : plan.pruned) {
    model::LayerHeads& layer = left[static_cast<std::size_t>(key)];
    layer = left_heads(layer, removed);
  }
  return left;
}

}  // namespace hies::prune
