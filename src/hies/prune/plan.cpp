#include "hies/prune/plan.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include <fmt/ranges.h>

#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/base/json_node.h"

namespace hies::prune {
namespace {

constexpr std::array<std::string_view, 4> kBinding = {"schema", "model", "units", "pruned"};

std::string read_units(const Json& json, std::string_view where) {
  auto units = require<std::string>(json, "units", where);
  if (units != "head")
    throw Error(ErrorKind::unsupported, fmt::format("{}: units '{}' are not supported", where, printable(units)), "known: head");
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
  if (present.position_of(head) >= 0) return;
  if (head < 0 || head >= present.original_heads)
    throw Error(ErrorKind::bad_input, fmt::format("{}: layer {} has no head {}", where, layer, head),
                fmt::format("heads of that layer are 0 … {}", present.original_heads - 1));
  throw Error(ErrorKind::bad_input, fmt::format("{}: head {} of layer {} is already gone", where, head, layer),
              present.heads.empty() ? "that layer has no heads left"
                                    : fmt::format("that layer still has heads {}", fmt::join(present.heads, ", ")));
}

void check_heads(const Plan& plan, const model::HeadLayout& layout, std::string_view where) {
  for (const auto& [layer, heads] : plan.pruned) {
    if (layer < 0 || static_cast<std::size_t>(layer) >= layout.size())
      throw Error(ErrorKind::bad_input, fmt::format("{}: the model has no layer {}", where, layer),
                  layout.empty() ? "it has no layers" : fmt::format("its layers are 0 … {}", layout.size() - 1));
    for (const int head : heads) check_head(layer, head, layout[static_cast<std::size_t>(layer)], where);
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
    std::erase_if(layer.heads, [&gone = removed](int head) { return std::find(gone.begin(), gone.end(), head) != gone.end(); });
    std::erase_if(layer.kv_heads, [&layer](int kv_head) {
      return std::none_of(layer.heads.begin(), layer.heads.end(), [&](int head) { return layer.kv_of(head) == kv_head; });
    });
  }
  return left;
}

}  // namespace hies::prune
