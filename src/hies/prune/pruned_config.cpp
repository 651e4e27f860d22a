#include "hies/prune/pruned_config.h"

#include <algorithm>

#include "hies/base/error.h"
#include "hies/prune/remaining.h"
#include "hies/prune/zeroed.h"

namespace hies::prune {
namespace {

using model::Layout;
using model::SiteKind;
using model::SiteLayout;

std::vector<const SiteLayout*> sites_of(const Layout& layout, SiteKind kind) {
  std::vector<const SiteLayout*> sites;
  for (const model::Site site : layout.sites(kind)) sites.push_back(&layout.at(site));
  return sites;
}

// transformers 4: string keys, original indices, all heads that are removed since the original model. Padding heads are there.
Json pruned_heads(const Layout& left) {
  Json pruned = Json::object();
  for (const model::Site site : left.sites(SiteKind::attention)) {
    Json heads = Json::array();
    for (int head = 0; head < left.at(site).original_units; ++head)
      if (left.at(site).position_of(head) < 0) heads.push_back(head);
    if (!heads.empty()) pruned[std::to_string(site.layer)] = heads;
  }
  return pruned;
}

// What one pruning did: the plan, less what the block says anyway.
Json history_entry(const Plan& plan) {
  Json entry = to_json(plan);
  entry.erase("schema");
  return entry;
}

// The units that are zeros in `stored`: those that were before, and those that `plan` zeroes.
model::UnitSet zeroed_in(const Layout& stored, const arch::Checkpoint& source, const Plan& plan, bool keep_shapes) {
  model::UnitSet zeroed = zeroed_units(source);
  if (keep_shapes) zeroed.insert(plan.removed);
  model::UnitSet present;
  for (const auto& [site, units] : zeroed)
    for (const int unit : units)
      if (stored.at(site).position_of(unit) >= 0) present.insert(site, unit);
  return present;
}

// "original_neurons", where it is not what config.json says of every layer; one number, or one for each layer. Null elsewhere.
Json original_neurons(const Layout& layout) {
  const auto sites = sites_of(layout, SiteKind::ffn);
  const auto whole = [](const SiteLayout* site) { return site->count() == site->original_units; };
  const auto as_first = [&](const SiteLayout* site) { return site->original_units == sites[0]->original_units; };
  const bool alike = std::all_of(sites.begin(), sites.end(), as_first);
  if (alike && std::all_of(sites.begin(), sites.end(), whole)) return {};
  if (alike) return sites[0]->original_units;
  Json neurons = Json::array();
  for (const SiteLayout* site : sites) neurons.push_back(site->original_units);
  return neurons;
}

Json history_of(const arch::Checkpoint& source) {
  const Json& config = source.config();
  const auto block = config.find("hies");
  if (block == config.end() || !block->is_object()) return Json::array();
  const auto history = block->find("history");
  return history != block->end() && history->is_array() ? *history : Json::array();
}

// `stored`: the units whose tensors are there.
Json hies_block(const arch::Checkpoint& source, const Plan& plan, const Layout& stored, bool keep_shapes) {
  Json block;
  block["schema"] = "hies.pruned/2";
  block["removed"] = model::to_json(removed_so_far(stored));
  model::UnitSet padding;
  for (const auto& [site, units] : stored) padding.insert(site, units.padding);
  if (!padding.empty()) block["padding"] = model::to_json(padding);
  if (const model::UnitSet zeroed = zeroed_in(stored, source, plan, keep_shapes); !zeroed.empty())
    block["zeroed"] = model::to_json(zeroed);
  const auto layers = sites_of(stored, SiteKind::attention);
  for (const SiteLayout* layer : layers)
    check(layer->original_units == layers[0]->original_units && layer->original_kv_heads == layers[0]->original_kv_heads &&
              layer->unit_size == layers[0]->unit_size,
          "layers began with different heads");
  block["original_heads"] = layers[0]->original_units;
  block["original_kv_heads"] = layers[0]->original_kv_heads;
  if (Json neurons = original_neurons(stored); !neurons.is_null()) block["original_neurons"] = std::move(neurons);
  block["head_dim"] = layers[0]->unit_size;
  model::put_hashes(block["source"], {source.hashes().weights, source.hashes().config, plan.model.inputs});
  block["history"] = history_of(source);
  block["history"].push_back(history_entry(plan));
  return block;
}

void write_heads(const arch::Family& family, const Layout& left, Json& config) {
  const auto layers = sites_of(left, SiteKind::attention);
  const bool every_layer_has_heads =
      std::none_of(layers.begin(), layers.end(), [](const SiteLayout* layer) { return layer->units.empty(); });
  // Where every layer has as many heads, loaders of the family may read it; where not, they should fail on the shapes.
  const bool even = every_layer_has_heads && std::all_of(layers.begin(), layers.end(), [&](const SiteLayout* layer) {
                      return layer->count() == layers[0]->count() && layer->kv_count() == layers[0]->kv_count();
                    });
  // A family whose loaders take either: the even numbers stand in the words of transformers 5, the others in those of 4.
  Json pruned = pruned_heads(left);
  if (!pruned.empty() && family.portability.pruned_heads && every_layer_has_heads && !(even && family.portability.head_dim)) {
    config["pruned_heads"] = std::move(pruned);
  } else {
    config.erase("pruned_heads");
  }
  if (family.write_heads == nullptr) return;
  const SiteLayout& first = *layers[0];
  family.write_heads(
      config, {even ? first.count() : first.original_units, even ? first.kv_count() : first.original_kv_heads, first.unit_size});
}

// Where layers differ, the number stays, and loaders fail on the shapes.
void write_neurons(const arch::Family& family, const Layout& left, Json& config) {
  const auto layers = sites_of(left, SiteKind::ffn);
  const auto as_first = [&](const SiteLayout* layer) { return layer->count() == layers[0]->count(); };
  const bool any_removed =
      std::any_of(layers.begin(), layers.end(), [](const SiteLayout* layer) { return layer->count() < layer->original_units; });
  if (any_removed && !family.neurons_key.empty() && std::all_of(layers.begin(), layers.end(), as_first))
    config[std::string(family.neurons_key)] = layers[0]->count();
}

}  // namespace

Json pruned_config(const arch::Checkpoint& source, const Plan& plan, const Layout& left, bool keep_shapes) {
  Json config = source.config();
  if (!keep_shapes) {
    write_heads(source.family(), left, config);
    write_neurons(source.family(), left, config);
  }
  // What the weights decided here, other programs read in config.json.
  if (source.is_untied_by_weights()) config["tie_word_embeddings"] = false;
  config["hies"] = hies_block(source, plan, keep_shapes ? source.spec().layout : left, keep_shapes);
  return config;
}

}  // namespace hies::prune
