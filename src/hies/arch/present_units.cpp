#include <algorithm>
#include <charconv>
#include <iterator>
#include <numeric>
#include <set>

#include "hies/arch/config.h"
#include "hies/base/error.h"
#include "hies/base/json_node.h"
#include "hies/model/unit_set.h"

// Which units of the original model a checkpoint still has.
namespace hies::arch {
namespace {

using model::Layout;
using model::SiteKind;
using model::SiteLayout;

std::vector<int> all_units(int count) {
  std::vector<int> units(static_cast<std::size_t>(count));
  std::iota(units.begin(), units.end(), 0);
  return units;
}

std::vector<int> without(const std::vector<int>& units, const std::vector<int>& removed) {
  std::vector<int> left;
  std::set_difference(units.begin(), units.end(), removed.begin(), removed.end(), std::back_inserter(left));
  return left;
}

std::vector<int> head_list(const Json& list, int limit, std::string_view where, const std::string& key) {
  if (!list.is_array()) json_type_error(list, key, "a list of head indices", where);
  std::set<int> heads;
  for (const Json& item : list) {
    if (!item.is_number_integer()) json_type_error(item, key, "a head index", where);
    const auto head = item.get<std::int64_t>();
    if (head < 0 || head >= limit) bad_input("{}: {} names head {}, but a layer has heads 0 to {}", where, key, head, limit - 1);
    if (!heads.insert(static_cast<int>(head)).second) bad_input("{}: {} names head {} twice", where, key, head);
  }
  return {heads.begin(), heads.end()};
}

// Calls visit(layer, heads) for a list of heads per layer. Throws bad_input for another form.
template <class Visit>
void each_layer(const Json& lists, int layers, int limit, std::string_view where, const std::string& key, const Visit& visit) {
  if (!lists.is_array() || lists.size() != static_cast<std::size_t>(layers))
    bad_input("{}: hies.{} must hold one list per layer ({})", where, key, layers);
  for (int layer = 0; layer < layers; ++layer)
    visit(layer, head_list(lists[static_cast<std::size_t>(layer)], limit, where, fmt::format("hies.{}[{}]", key, layer)));
}

// hies.pruned/1: lists of kept original heads, one per layer.
void apply_version_1(const Json& block, std::string_view where, const UnitCounts& counts, Layout& layout) {
  for (const bool kv : {false, true}) {
    const std::string key = kv ? "kv_heads" : "heads";
    const Json* lists = find_member(block, key, where);
    if (lists == nullptr) json_type_error(Json(), "hies." + key, "a list per layer", where);
    each_layer(*lists, counts.layers, kv ? counts.kv_heads : counts.heads, where, key, [&](int layer, std::vector<int> heads) {
      (kv ? layout.attention(layer).kv_heads : layout.attention(layer).units) = std::move(heads);
    });
  }
  if (const Json* lists = find_member(block, "dead", where); lists != nullptr && !lists->is_null()) {
    each_layer(*lists, counts.layers, counts.heads, where, "dead", [&](int layer, std::vector<int> heads) {
      for (const int head : heads)
        if (layout.attention(layer).position_of(head) < 0)
          bad_input("{}: hies.dead[{}] names head {}, which hies.heads[{}] lacks", where, layer, head, layer);
      layout.attention(layer).padding = std::move(heads);
    });
  }
  for (int layer = 0; layer < counts.layers; ++layer) {
    const SiteLayout& site = layout.attention(layer);
    for (const int head : site.units)
      if (!std::binary_search(site.kv_heads.begin(), site.kv_heads.end(), site.kv_of(head)))
        bad_input("{}: hies.heads[{}] keeps head {} but its key/value head {} is gone", where, layer, head, site.kv_of(head));
  }
}

// Throws bad_input for a unit that the original model does not have.
model::UnitSet units_of(const Json& block, const char* key, std::string_view where, const Layout& original) {
  const Json* json = find_member(block, key, where);
  if (json == nullptr || json->is_null()) return {};
  model::UnitSet set = model::unit_set_from_json(*json, where, fmt::format("hies.{}", key));
  for (const auto& [site, units] : set) {
    const int present = original.contains(site) ? original.at(site).original_units : 0;
    if (units.back() >= present)
      bad_input("{}: hies.{} names {} {} of layer {}, which has {}", where, key, model::site_kind_name(site.kind), units.back(),
                site.layer, present);
  }
  return set;
}

// hies.pruned/2: the set of removed units, and those of them whose zeros are still in the tensors.
void apply_version_2(const Json& block, std::string_view where, Layout& layout) {
  const model::UnitSet removed = units_of(block, "removed", where, layout), padding = units_of(block, "padding", where, layout);
  if (!removed.includes(padding)) bad_input("{}: hies.padding names units that hies.removed lacks", where);
  for (const auto& [site, units] : removed) {
    SiteLayout& target = layout.at(site);
    target.padding = padding.at(site);
    target.units = without(target.units, without(units, target.padding));
    target.drop_unread_kv_heads();
  }
}

void apply_block(const Json& block, std::string_view where, const UnitCounts& counts, Layout& layout) {
  if (!block.is_object()) json_type_error(block, "hies", "an object", where);
  const auto schema = require<std::string>(block, "schema", where);
  if (schema == "hies.pruned/1") return apply_version_1(block, where, counts, layout);
  if (schema == "hies.pruned/2") return apply_version_2(block, where, layout);
  throw Error(ErrorKind::unsupported, fmt::format("{}: hies.schema is '{}'", where, printable(schema)),
              "this version reads hies.pruned/1 and hies.pruned/2");
}

// transformers 4: {"0": [pruned original indices], …}.
void apply_pruned_heads(const Json& pruned, std::string_view where, const UnitCounts& counts, Layout& layout) {
  if (!pruned.is_object()) json_type_error(pruned, "pruned_heads", "an object", where);
  for (const auto& [key, list] : pruned.items()) {
    int layer = -1;
    const auto parsed = std::from_chars(key.data(), key.data() + key.size(), layer);
    if (parsed.ec != std::errc() || parsed.ptr != key.data() + key.size() || layer < 0 || layer >= counts.layers)
      bad_input("{}: pruned_heads names layer '{}', but the model has layers 0 to {}", where, printable(key), counts.layers - 1);
    SiteLayout& target = layout.attention(layer);
    target.units = without(all_units(counts.heads), head_list(list, counts.heads, where, fmt::format("pruned_heads[{}]", key)));
    if (counts.kv_heads == counts.heads) target.kv_heads = target.units;
  }
}

// config.json may state the numbers that are left, for other loaders: the block knows those of the original.
UnitCounts original_counts(const Json& config, std::string_view where, UnitCounts counts) {
  const Json* block = find_member(config, "hies", where);
  if (block == nullptr || !block->is_object()) return counts;
  const std::string inside = fmt::format("{}: hies", where);
  if (find_member(*block, "original_heads", where)) counts.heads = require_count(*block, "original_heads", inside, 1, kMostHeads);
  if (find_member(*block, "original_kv_heads", where))
    counts.kv_heads = require_count(*block, "original_kv_heads", inside, 1, counts.heads);
  if (counts.heads % counts.kv_heads != 0)
    bad_input("{}: original_heads {} is not a multiple of original_kv_heads {}", inside, counts.heads, counts.kv_heads);
  return counts;
}

// The neurons of every layer of the original model: one number, or a list of one for each layer where layers began with different
// widths.
std::vector<int> original_neurons(const Json& config, std::string_view where, const UnitCounts& counts) {
  const auto layers = static_cast<std::size_t>(counts.layers);
  if (!states_neurons(config)) return std::vector<int>(layers, counts.neurons);
  const std::string inside = fmt::format("{}: hies", where);
  const Json& stated = config["hies"]["original_neurons"];
  if (!stated.is_array())
    return std::vector<int>(layers, require_count(config["hies"], "original_neurons", inside, 1, kMostNeurons));
  std::vector<int> neurons;
  JsonNode(stated, inside, "original_neurons").each(layers, "layers", [&](std::size_t, const JsonNode& node) {
    neurons.push_back(static_cast<int>(node.count(kMostNeurons)));
  });
  return neurons;
}

}  // namespace

model::SiteLayout whole_ffn(int neurons) { return {all_units(neurons), {}, neurons, 0, 1, {}}; }

bool states_neurons(const Json& config) {
  const auto block = config.find("hies");
  return block != config.end() && block->is_object() && block->contains("original_neurons");
}

Layout parse_layout(const Json& config, std::string_view where, const UnitCounts& stated) {
  const UnitCounts counts = original_counts(config, where, stated);
  const SiteLayout heads{all_units(counts.heads), all_units(counts.kv_heads), counts.heads, counts.kv_heads, counts.head_dim, {}};
  const std::vector<int> neurons = original_neurons(config, where, counts);
  if (const auto all = std::accumulate(neurons.begin(), neurons.end(), std::int64_t{0}); all > kMostNeuronsInAll)
    bad_input("{}: {} layers with {} neurons in all are more than any model has (at most {} are read)", where, counts.layers, all,
              kMostNeuronsInAll);
  Layout layout;
  for (int layer = 0; layer < counts.layers; ++layer) {
    layout[model::attention_site(layer)] = heads;
    layout[model::ffn_site(layer)] = whole_ffn(neurons[static_cast<std::size_t>(layer)]);
  }
  if (const Json* block = find_member(config, "hies", where); block != nullptr && !block->is_null())
    apply_block(*block, where, counts, layout);
  else if (const Json* pruned = find_member(config, "pruned_heads", where); pruned != nullptr && !pruned->is_null())
    apply_pruned_heads(*pruned, where, counts, layout);
  return layout;
}

}  // namespace hies::arch
