#include "hies/base/error.h"
#include "hies/base/json_node.h"
#include "hies/score/scores.h"

namespace hies::score {
namespace {

using model::HeadLayout;
using model::HeadTable;
using model::LayerHeads;

using Node = JsonNode;

constexpr std::int64_t kMostHeads = 1 << 20;

int small_count(const Node& node) { return static_cast<int>(node.count(kMostHeads)); }

LayerHeads read_layer(const Node& ids, const Node& heads, const Node& kv_of_head, LayerHeads layer) {
  if (layer.original_heads < 1 || layer.original_kv_heads < 1 || layer.original_heads % layer.original_kv_heads != 0)
    ids.fail(fmt::format("belongs to a layer of {} heads and {} KV heads, which do not divide", layer.original_heads,
                         layer.original_kv_heads));
  ids.each(static_cast<std::size_t>(small_count(heads)), "heads", [&](std::size_t i, const Node& id) {
    const int head = small_count(id);
    if (head >= layer.original_heads) id.fail(fmt::format("is {}, but the layer had {} heads", head, layer.original_heads));
    if (i > 0 && head <= layer.heads.back()) id.fail(fmt::format("is {} after {}: ids must ascend", head, layer.heads.back()));
    layer.heads.push_back(head);
  });
  kv_of_head.each(layer.heads.size(), "heads", [&](std::size_t i, const Node& id) {
    const int kv_head = small_count(id);
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
                          [&](std::size_t layer, const Node& value) { layout[layer].*field = small_count(value); });
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
  if (root.has("dead"))
    root.member("dead").each(layout.size(), "layers", [&](std::size_t i, const Node& heads) {
      heads.each(heads.list_size(), "heads", [&layer = layout[i]](std::size_t, const Node& id) {
        const int head = small_count(id);
        if (layer.position_of(head) < 0) id.fail(fmt::format("is {}, which is not among the layer's heads", head));
        if (!layer.dead.empty() && head <= layer.dead.back())
          id.fail(fmt::format("is {} after {}: ids must ascend", head, layer.dead.back()));
        layer.dead.push_back(head);
      });
    });
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
    costs[layer] = {cost.member("parameters").count(), cost.member("flops_per_token").not_negative()};
  });
  return costs;
}

}  // namespace

Scores scores_from_json(const Json& json, std::string_view where) {
  const Node root(json, where);
  check_schema(root, kScoresSchema, where, "score the model again", "give a file that `hies score` wrote");
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
  s.cost.flops_per_token = cost.member("flops_per_token").not_negative();
  s.cost.tokens = cost.member("tokens").not_negative();
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
