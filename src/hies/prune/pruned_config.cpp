#include "hies/prune/pruned_config.h"

#include <algorithm>

#include "hies/base/error.h"
#include "hies/prune/zeroed.h"

namespace hies::prune {
namespace {

// String keys, original indices, all that is gone since the original model.
Json gone_heads(const model::HeadLayout& left) {
  Json gone = Json::object();
  for (std::size_t layer = 0; layer < left.size(); ++layer) {
    Json heads = Json::array();
    for (int head = 0; head < left[layer].original_heads; ++head)
      if (left[layer].position_of(head) < 0) heads.push_back(head);  // dead heads are there for other loaders
    if (!heads.empty()) gone[std::to_string(layer)] = heads;
  }
  return gone;
}

// What one pruning did: the plan, less what the block says anyway.
Json history_entry(const Plan& plan) {
  Json entry = to_json(plan);
  entry.erase("schema");
  return entry;
}

// What was zeroed before and is still there, and what `plan` zeroes. Null where that is nothing.
Json zeroed_json(const model::Checkpoint& source, const Plan& plan, const model::HeadLayout& stored, bool keep_shapes) {
  const ZeroedHeads before = zeroed_heads(source);
  Json zeroed;
  for (std::size_t i = 0; i < stored.size(); ++i) {
    const auto layer = static_cast<int>(i);
    const auto names = [layer](const std::map<int, std::vector<int>>& heads, int head) {
      const auto found = heads.find(layer);
      return found != heads.end() && std::find(found->second.begin(), found->second.end(), head) != found->second.end();
    };
    Json heads = Json::array();
    for (const int head : stored[i].heads)
      if (names(before, head) || (keep_shapes && names(plan.pruned, head))) heads.push_back(head);
    if (!heads.empty()) zeroed[std::to_string(layer)] = heads;
  }
  return zeroed;
}

// `left`: the heads whose tensors are there.
Json hies_block(const model::Checkpoint& source, const Plan& plan, const model::HeadLayout& left, bool keep_shapes) {
  Json block;
  block["schema"] = "hies.pruned/1";
  block["heads"] = Json::array();
  block["kv_heads"] = Json::array();
  for (const model::LayerHeads& layer : left) {
    check(layer.original_heads == left[0].original_heads && layer.original_kv_heads == left[0].original_kv_heads &&
              layer.head_dim == left[0].head_dim,
          "layers began with different heads");
    block["heads"].push_back(layer.heads);
    block["kv_heads"].push_back(layer.kv_heads);
  }
  if (model::dead_head_count(left) > 0) {
    block["dead"] = Json::array();
    for (const model::LayerHeads& layer : left) block["dead"].push_back(layer.dead);
  }
  block["original_heads"] = left[0].original_heads;
  block["original_kv_heads"] = left[0].original_kv_heads;
  block["head_dim"] = left[0].head_dim;
  if (Json zeroed = zeroed_json(source, plan, left, keep_shapes); !zeroed.is_null()) block["zeroed"] = std::move(zeroed);
  block["source_hash"] = source.hash();
  block["history"] = Json::array();
  const Json& config = source.config();
  if (const auto before = config.find("hies"); before != config.end() && before->is_object()) {
    if (const auto history = before->find("history"); history != before->end() && history->is_array())
      block["history"] = *history;
  }
  block["history"].push_back(history_entry(plan));
  return block;
}

}  // namespace

Json pruned_config(const model::Checkpoint& source, const Plan& plan, const model::HeadLayout& left, bool keep_shapes) {
  Json config = source.config();
  if (keep_shapes) {
    config["hies"] = hies_block(source, plan, source.spec().layers, true);
    return config;
  }
  const bool every_layer_has_heads =
      std::none_of(left.begin(), left.end(), [](const model::LayerHeads& layer) { return layer.heads.empty(); });
  // Where every layer has as many heads, loaders of the family may read it; where not, they should stumble over the shapes.
  const bool even = every_layer_has_heads && std::all_of(left.begin(), left.end(), [&](const model::LayerHeads& layer) {
                      return layer.count() == left[0].count() && layer.kv_count() == left[0].kv_count();
                    });
  // A family whose loaders take either: the even numbers stand in the words of transformers 5, the others in those of 4.
  if (source.arch().has_pruned_heads() && every_layer_has_heads && !(even && source.arch().portability().head_dim)) {
    config["pruned_heads"] = gone_heads(left);
  } else {
    config.erase("pruned_heads");
  }
  if (!left.empty())
    source.arch().write_heads(config, even ? left[0].count() : left[0].original_heads,
                              even ? left[0].kv_count() : left[0].original_kv_heads, left[0].head_dim);
  config["hies"] = hies_block(source, plan, left, false);
  return config;
}

}  // namespace hies::prune
