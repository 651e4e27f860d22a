#include "hies/score/scores.h"

#include <cmath>

#include "hies/base/error.h"
#include "hies/base/files.h"

namespace hies::score {
namespace {

Json costs_json(const std::vector<model::HeadCost>& costs) {
  Json json = Json::array();
  for (const model::HeadCost& cost : costs)
    json.push_back({{"parameters", cost.parameters}, {"flops_per_token", cost.flops_per_token}});
  return json;
}

// One value per layer, or one list.
template <class Member>
Json per_layer(const model::HeadLayout& layout, const Member& member) {
  Json json = Json::array();
  for (const model::LayerHeads& layer : layout) json.push_back(member(layer));
  return json;
}

void check_table(const model::HeadTable<double>& table, std::string_view name, const model::HeadLayout& layout) {
  for (std::size_t layer = 0; layer < table.size(); ++layer) {
    for (std::size_t position = 0; position < table[layer].size(); ++position) {
      if (!std::isfinite(table[layer][position]))
        throw Error(ErrorKind::bad_input,
                    fmt::format("score {} of layer {}, head {} is {}", name, layer, layout[layer].heads[position],
                                table[layer][position]),
                    "the model's numbers overflow: try `dtype` float64");
    }
  }
}

}  // namespace

bool Scores::has(std::string_view asked) const {
  if (asked != "second-order") return tables.contains(asked);
  return tables.contains("gate_grad") && tables.contains("a_sq") && output_norms && curvature;
}

const model::HeadTable<double>& Scores::table(std::string_view name) const {
  const auto found = tables.find(name);
  if (found == tables.end()) bad_input("the scores have no table '{}'", printable(name));
  return found->second;
}

model::HeadTable<model::HeadCost> Scores::head_costs() const {
  model::HeadTable<model::HeadCost> table;
  for (std::size_t layer = 0; layer < layout.size(); ++layer)
    table.emplace_back(layout[layer].heads.size(), cost.per_head[layer]);
  return table;
}

model::HeadTable<model::HeadCost> Scores::kv_head_costs() const {
  model::HeadTable<model::HeadCost> table;
  for (std::size_t layer = 0; layer < layout.size(); ++layer)
    table.emplace_back(layout[layer].kv_heads.size(), cost.per_kv_head[layer]);
  return table;
}

void check_finite(const Scores& scores) {
  for (const auto& [name, table] : scores.tables) check_table(table, name, scores.layout);
  if (scores.output_norms) check_table(scores.output_norms->head, "output_norms", scores.layout);
}

Json to_json(const Scores& s) {
  using model::LayerHeads;
  check_finite(s);
  Json json;
  json["schema"] = kScoresSchema;
  json["model"] = {{"path", s.model_info.path}, {"model_type", s.model_info.model_type}, {"hash", s.model_info.hash}};
  json["options"] = s.options;
  json["calibration"] = {{"file", s.calibration.file},
                         {"examples", s.calibration.examples},
                         {"tokens", s.calibration.tokens},
                         {"hash", s.calibration.hash},
                         {"mean_loss", s.calibration.mean_loss ? Json(*s.calibration.mean_loss) : Json()}};
  json["heads"] = per_layer(s.layout, [](const LayerHeads& layer) { return layer.count(); });
  json["head_ids"] = per_layer(s.layout, [](const LayerHeads& layer) { return layer.heads; });
  json["kv_of_head"] = per_layer(s.layout, [](const LayerHeads& layer) {
    std::vector<int> kv;
    for (const int head : layer.heads) kv.push_back(layer.kv_of(head));
    return kv;
  });
  json["original_heads"] = per_layer(s.layout, [](const LayerHeads& layer) { return layer.original_heads; });
  json["original_kv_heads"] = per_layer(s.layout, [](const LayerHeads& layer) { return layer.original_kv_heads; });
  json["head_dim"] = per_layer(s.layout, [](const LayerHeads& layer) { return layer.head_dim; });
  if (model::dead_head_count(s.layout) > 0)
    json["dead"] = per_layer(s.layout, [](const LayerHeads& layer) { return layer.dead; });
  json["cost"] = {{"parameters", s.cost.parameters},
                  {"flops_per_token", s.cost.flops_per_token},
                  {"tokens", s.cost.tokens},
                  {"per_head", costs_json(s.cost.per_head)},
                  {"per_kv_head", costs_json(s.cost.per_kv_head)}};
  json["scores"] = Json::object();
  for (const auto& [name, table] : s.tables) json["scores"][name] = table;
  if (s.output_norms) json["output_norms"] = {{"layer", s.output_norms->layer}, {"head", s.output_norms->head}};
  if (s.curvature) json["curvature"] = *s.curvature;
  json["timings"] = s.timings;
  return json;
}

void write_scores(const std::filesystem::path& path, const Scores& scores, bool force) {
  write_file(path, pretty(to_json(scores)), force);
}

Scores read_scores(const std::filesystem::path& path) { return scores_from_json(read_json(path), path.string()); }

}  // namespace hies::score
