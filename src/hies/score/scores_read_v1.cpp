#include "hies/score/scores_read.h"
#include "hies/score/statistics/second_order.h"

namespace hies::score {
namespace {

using model::attention_site;
using model::SiteLayout;

using Node = JsonNode;

SiteLayout read_layer(const Node& ids, const Node& heads, const Node& kv_of_head, SiteLayout layer) {
  check_groups(layer, ids);
  ids.each(static_cast<std::size_t>(small_count(heads)), "heads", [&](std::size_t i, const Node& id) {
    const int head = small_count(id);
    if (head >= layer.original_units) id.fail(fmt::format("is {}, but the layer had {} heads", head, layer.original_units));
    if (i > 0 && head <= layer.units.back()) id.fail(fmt::format("is {} after {}: ids must ascend", head, layer.units.back()));
    layer.units.push_back(head);
  });
  kv_of_head.each(layer.units.size(), "heads", [&](std::size_t i, const Node& id) {
    const int kv_head = small_count(id);
    if (kv_head != layer.kv_of(layer.units[i]))
      id.fail(fmt::format("is {}, but head {} reads KV head {}", kv_head, layer.units[i], layer.kv_of(layer.units[i])));
    if (layer.kv_heads.empty() || layer.kv_heads.back() != kv_head) layer.kv_heads.push_back(kv_head);
  });
  return layer;
}

void read_padding(const Node& heads, SiteLayout& layer) {
  heads.each(heads.list_size(), "heads", [&layer](std::size_t, const Node& id) {
    const int head = small_count(id);
    if (layer.position_of(head) < 0) id.fail(fmt::format("is {}, which is not among the layer's heads", head));
    if (!layer.padding.empty() && head <= layer.padding.back())
      id.fail(fmt::format("is {} after {}: ids must ascend", head, layer.padding.back()));
    layer.padding.push_back(head);
  });
}

std::vector<SiteLayout> read_layers(const Node& root) {
  std::vector<SiteLayout> layers(root.member("heads").list_size());
  const auto integers = [&](std::string_view key, int SiteLayout::*field) {
    root.member(key).each(layers.size(), "layers",
                          [&](std::size_t layer, const Node& value) { layers[layer].*field = small_count(value); });
  };
  integers("original_heads", &SiteLayout::original_units);
  integers("original_kv_heads", &SiteLayout::original_kv_heads);
  integers("head_dim", &SiteLayout::unit_size);
  std::vector<Node> ids, kv, counts;
  const auto collect = [&](std::string_view key, std::vector<Node>& nodes) {
    root.member(key).each(layers.size(), "layers", [&](std::size_t, const Node& node) { nodes.push_back(node); });
  };
  collect("heads", counts);
  collect("head_ids", ids);
  collect("kv_of_head", kv);
  for (std::size_t layer = 0; layer < layers.size(); ++layer)
    layers[layer] = read_layer(ids[layer], counts[layer], kv[layer], layers[layer]);
  if (root.has("dead"))
    root.member("dead").each(layers.size(), "layers",
                             [&](std::size_t layer, const Node& heads) { read_padding(heads, layers[layer]); });
  return layers;
}

// Calls `visit` with the site of each layer and what the list has for it.
template <class Visit>
void each_layer(const Node& list, const model::Layout& layout, const Visit& visit) {
  list.each(static_cast<std::size_t>(layout.layer_count()), "layers",
            [&](std::size_t layer, const Node& node) { visit(attention_site(static_cast<int>(layer)), node); });
}

model::UnitTable<double> read_table(const Node& list, const model::Layout& layout) {
  model::UnitTable<double> table;
  each_layer(list, layout, [&](model::Site site, const Node& row) { table[site] = read_row(row, layout.at(site).units.size()); });
  return table;
}

}  // namespace

void read_version_1(const JsonNode& root, Scores& s) {
  int layer = 0;
  for (SiteLayout& heads : read_layers(root)) s.layout[attention_site(layer++)] = std::move(heads);
  const Node cost = root.member("cost");
  const auto costs = [&](std::string_view key, std::map<model::Site, model::UnitCost>& to) {
    each_layer(cost.member(key), s.layout, [&](model::Site site, const Node& node) { to[site] = read_cost(node); });
  };
  costs("per_head", s.cost.per_unit);
  costs("per_kv_head", s.cost.per_kv_head);
  const Node tables = root.member("scores");
  for (const auto& [name, table] : tables.object().items()) s.tables[name] = read_table(tables.member(name), s.layout);
  if (root.has("output_norms")) {
    const Node norms = root.member("output_norms");
    auto& of_layers = s.site_values[std::string(kOutputNorm)];
    each_layer(norms.member("layer"), s.layout, [&](model::Site site, const Node& node) { of_layers[site] = node.number(); });
    s.tables[std::string(kOutputNorm)] = read_table(norms.member("head"), s.layout);
  }
  if (root.has("curvature")) s.constants[std::string(kCurvature)] = root.member("curvature").number();
}

}  // namespace hies::score
