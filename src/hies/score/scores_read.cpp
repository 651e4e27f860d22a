#include <cmath>
#include <limits>
#include <set>

#include "hies/base/error.h"
#include "hies/score/scores.h"

namespace hies::score {
namespace {

using model::HeadLayout;
using model::HeadTable;
using model::LayerHeads;

// A value inside the file, with the words that an error needs.
class Node {
 public:
  Node(const Json& json, std::string_view where, std::string key) : json_(json), where_(where), key_(std::move(key)) {}

  Node member(std::string_view name) const {
    const Json* found = find_member(object(), name, where_);
    const std::string key = key_.empty() ? std::string(name) : key_ + "." + std::string(name);
    if (found == nullptr) json_type_error(Json(), key, "a value", where_);
    return {*found, where_, key};
  }
  bool has(std::string_view name) const { return find_member(object(), name, where_) != nullptr; }
  const Json& object() const {
    if (!json_.is_object()) json_type_error(json_, key_.empty() ? "the file" : key_, "an object", where_);
    return json_;
  }
  bool is_null() const { return json_.is_null(); }

  std::string text() const { return hies::detail::json_as<std::string>(json_, key_, where_); }
  std::int64_t count(std::int64_t most = std::numeric_limits<std::int64_t>::max()) const {
    // Numbers above the range of int64 are unsigned in the parser.
    const bool fits = json_.is_number_integer() && (!json_.is_number_unsigned() || json_.get<std::uint64_t>() <= INT64_MAX);
    if (!fits || json_.get<std::int64_t>() < 0 || json_.get<std::int64_t>() > most)
      json_type_error(json_, key_,
                      most < std::numeric_limits<int>::max() ? fmt::format("an integer 0 … {}", most) : "an integer ≥ 0", where_);
    return json_.get<std::int64_t>();
  }
  int small_count() const { return static_cast<int>(count(kMostHeads)); }
  double number() const {
    const double value = hies::detail::json_as<double>(json_, key_, where_);
    if (!std::isfinite(value)) json_type_error(json_, key_, "a finite number", where_);
    return value;
  }
  // Visits every element of a list that must have `length` of them.
  template <class Visit>
  void each(std::size_t length, std::string_view of, const Visit& visit) const {
    if (!json_.is_array()) json_type_error(json_, key_, "a list", where_);
    if (json_.size() != length) bad_input("{}: '{}' has {} entries, but there are {} {}", where_, key_, json_.size(), length, of);
    for (std::size_t i = 0; i < length; ++i) visit(i, Node(json_[i], where_, fmt::format("{}[{}]", key_, i)));
  }
  std::size_t list_size() const {
    if (!json_.is_array()) json_type_error(json_, key_, "a list", where_);
    return json_.size();
  }
  [[noreturn]] void fail(std::string_view reason) const { bad_input("{}: '{}' {}", where_, key_, reason); }

  static constexpr std::int64_t kMostHeads = 1 << 20;

 private:
  const Json& json_;
  std::string_view where_;
  std::string key_;
};

void check_schema(const Node& root, std::string_view where) {
  const std::string schema = root.member("schema").text();
  if (schema == kScoresSchema) return;
  if (schema.starts_with("hies.scores/"))
    throw Error(ErrorKind::unsupported, fmt::format("{}: schema '{}' is of another version", where, printable(schema)),
                fmt::format("this version reads '{}'; score the model again", kScoresSchema));
  throw Error(ErrorKind::bad_input, fmt::format("{}: schema is '{}', not '{}'", where, printable(schema), kScoresSchema),
              "give a file that `hies score` wrote");
}

LayerHeads read_layer(const Node& ids, const Node& heads, const Node& kv_of_head, LayerHeads layer) {
  if (layer.original_heads < 1 || layer.original_kv_heads < 1 || layer.original_heads % layer.original_kv_heads != 0)
    ids.fail(fmt::format("belongs to a layer of {} heads and {} KV heads, which do not divide", layer.original_heads,
                         layer.original_kv_heads));
  ids.each(static_cast<std::size_t>(heads.small_count()), "heads", [&](std::size_t i, const Node& id) {
    const int head = id.small_count();
    if (head >= layer.original_heads) id.fail(fmt::format("is {}, but the layer had {} heads", head, layer.original_heads));
    if (i > 0 && head <= layer.heads.back()) id.fail(fmt::format("is {} after {}: ids must ascend", head, layer.heads.back()));
    layer.heads.push_back(head);
  });
  kv_of_head.each(layer.heads.size(), "heads", [&](std::size_t i, const Node& id) {
    const int kv_head = id.small_count();
    if (kv_head != layer.kv_of(layer.heads[i]))
      id.fail(fmt::format("is {}, but head {} reads KV head {}", kv_head, layer.heads[i], layer.kv_of(layer.heads[i])));
    if (layer.kv_heads.empty() || layer.kv_heads.back() != kv_head) layer.kv_heads.push_back(kv_head);
  });
  return layer;
}

HeadLayout read_layout(const Node& root) {
  HeadLayout layout(root.member("heads").list_size());
  const auto integers = [&](std::string_view key, int LayerHeads::*field) {
    root.member(key).each(layout.size(), "layers",
                          [&](std::size_t layer, const Node& value) { layout[layer].*field = value.small_count(); });
  };
  integers("original_heads", &LayerHeads::original_heads);
  integers("original_kv_heads", &LayerHeads::original_kv_heads);
  integers("head_dim", &LayerHeads::head_dim);
  std::vector<Node> ids, kv, counts;
  const auto collect = [&](std::string_view key, std::vector<Node>& nodes) {
    root.member(key).each(layout.size(), "layers", [&](std::size_t, const Node& node) { nodes.push_back(node); });
  };
  collect("heads", counts);
  collect("head_ids", ids);
  collect("kv_of_head", kv);
  for (std::size_t layer = 0; layer < layout.size(); ++layer)
    layout[layer] = read_layer(ids[layer], counts[layer], kv[layer], layout[layer]);
  return layout;
}

HeadTable<double> read_table(const Node& node, const HeadLayout& layout) {
  HeadTable<double> table = model::make_head_table<double>(layout);
  node.each(layout.size(), "layers", [&](std::size_t layer, const Node& row) {
    row.each(table[layer].size(), "heads in the layer",
             [&](std::size_t position, const Node& value) { table[layer][position] = value.number(); });
  });
  return table;
}

std::vector<model::HeadCost> read_costs(const Node& node, std::size_t layers) {
  std::vector<model::HeadCost> costs(layers);
  node.each(layers, "layers", [&](std::size_t layer, const Node& cost) {
    costs[layer] = {cost.member("parameters").count(), cost.member("flops_per_token").number()};
  });
  return costs;
}

}  // namespace

Scores scores_from_json(const Json& json, std::string_view where) {
  const Node root(json, where, "");
  check_schema(root, where);
  Scores s;
  const Node model = root.member("model");
  s.model_info.path = model.has("path") ? model.member("path").text() : "";
  s.model_info.model_type = model.member("model_type").text();
  s.model_info.hash = model.member("hash").text();
  s.options = root.member("options").object();
  const Node calibration = root.member("calibration");
  s.calibration.file = calibration.has("file") ? calibration.member("file").text() : "";
  s.calibration.examples = calibration.member("examples").count();
  s.calibration.tokens = calibration.member("tokens").count();
  s.calibration.hash = calibration.member("hash").text();
  if (const Node loss = calibration.member("mean_loss"); !loss.is_null()) s.calibration.mean_loss = loss.number();
  s.layout = read_layout(root);
  const Node cost = root.member("cost");
  s.cost.parameters = cost.member("parameters").count();
  s.cost.flops_per_token = cost.member("flops_per_token").number();
  s.cost.tokens = cost.member("tokens").number();
  s.cost.per_head = read_costs(cost.member("per_head"), s.layout.size());
  s.cost.per_kv_head = read_costs(cost.member("per_kv_head"), s.layout.size());
  const Node tables = root.member("scores");
  for (const auto& [name, table] : tables.object().items()) s.tables[name] = read_table(tables.member(name), s.layout);
  if (root.has("output_norms")) {
    OutputNorms& norms = s.output_norms.emplace();
    norms.layer.resize(s.layout.size());
    root.member("output_norms").member("layer").each(s.layout.size(), "layers", [&](std::size_t layer, const Node& value) {
      norms.layer[layer] = value.number();
    });
    norms.head = read_table(root.member("output_norms").member("head"), s.layout);
  }
  if (root.has("curvature")) s.curvature = root.member("curvature").number();
  if (root.has("timings")) {
    const Node timings = root.member("timings");
    for (const auto& [name, value] : timings.object().items()) s.timings[name] = timings.member(name).number();
  }
  return s;
}

}  // namespace hies::score
