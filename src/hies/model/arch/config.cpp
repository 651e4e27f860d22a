#include "hies/model/arch/config.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "hies/base/error.h"

namespace hies::model {
namespace {

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

std::vector<int> all_heads(int count) {
  std::vector<int> heads(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) heads[static_cast<std::size_t>(i)] = i;
  return heads;
}

std::vector<int> without(int count, const std::vector<int>& removed) {
  std::vector<int> heads;
  for (int i = 0; i < count; ++i)
    if (!std::binary_search(removed.begin(), removed.end(), i)) heads.push_back(i);
  return heads;
}

// hies.pruned/1: one list of kept original indices per layer.
void apply_hies_block(const Json& block, std::string_view where, const HeadCounts& counts, HeadLayout& layout) {
  const auto schema = require<std::string>(block, "schema", where);
  if (schema != "hies.pruned/1") {
    throw Error(ErrorKind::unsupported, fmt::format("{}: hies.schema is '{}'", where, printable(schema)),
                "this version reads hies.pruned/1");
  }
  for (const bool kv : {false, true}) {
    const std::string key = kv ? "kv_heads" : "heads";
    const Json* lists = find_member(block, key, where);
    if (lists == nullptr) json_type_error(Json(), "hies." + key, "a list per layer", where);
    if (!lists->is_array() || lists->size() != static_cast<std::size_t>(counts.layers))
      bad_input("{}: hies.{} must hold one list per layer ({})", where, key, counts.layers);
    for (std::size_t layer = 0; layer < layout.size(); ++layer) {
      auto heads = head_list((*lists)[layer], kv ? counts.kv_heads : counts.heads, where, fmt::format("hies.{}[{}]", key, layer));
      (kv ? layout[layer].kv_heads : layout[layer].heads) = std::move(heads);
    }
  }
  if (const Json* lists = find_member(block, "dead", where); lists != nullptr && !lists->is_null()) {
    if (!lists->is_array() || lists->size() != static_cast<std::size_t>(counts.layers))
      bad_input("{}: hies.dead must hold one list per layer ({})", where, counts.layers);
    for (std::size_t layer = 0; layer < layout.size(); ++layer) {
      layout[layer].dead = head_list((*lists)[layer], counts.heads, where, fmt::format("hies.dead[{}]", layer));
      for (const int head : layout[layer].dead)
        if (layout[layer].position_of(head) < 0)
          bad_input("{}: hies.dead[{}] names head {}, which hies.heads[{}] lacks", where, layer, head, layer);
    }
  }
  for (std::size_t layer = 0; layer < layout.size(); ++layer) {
    for (const int head : layout[layer].heads) {
      const auto& kv = layout[layer].kv_heads;
      if (!std::binary_search(kv.begin(), kv.end(), layout[layer].kv_of(head)))
        bad_input("{}: hies.heads[{}] keeps head {} but its key/value head {} is gone", where, layer, head,
                  layout[layer].kv_of(head));
    }
  }
}

// transformers 4: {"0": [pruned original indices], …}.
void apply_pruned_heads(const Json& pruned, std::string_view where, const HeadCounts& counts, HeadLayout& layout) {
  if (!pruned.is_object()) json_type_error(pruned, "pruned_heads", "an object", where);
  for (const auto& [key, list] : pruned.items()) {
    int layer = -1;
    const auto parsed = std::from_chars(key.data(), key.data() + key.size(), layer);
    if (parsed.ec != std::errc() || parsed.ptr != key.data() + key.size() || layer < 0 || layer >= counts.layers)
      bad_input("{}: pruned_heads names layer '{}', but the model has layers 0 to {}", where, printable(key), counts.layers - 1);
    const auto removed = head_list(list, counts.heads, where, fmt::format("pruned_heads[{}]", key));
    auto& target = layout[static_cast<std::size_t>(layer)];
    target.heads = without(counts.heads, removed);
    if (counts.kv_heads == counts.heads) target.kv_heads = target.heads;
  }
}

}  // namespace

int require_count(const Json& config, std::string_view key, std::string_view where, int least, int most) {
  const auto value = require<std::int64_t>(config, key, where);
  if (value < least || value > most) bad_input("{}: {} is {}, but it must be {} … {}", where, key, value, least, most);
  return static_cast<int>(value);
}

int head_dim_of(int hidden, int heads, std::string_view heads_key, std::string_view where) {
  if (hidden % heads != 0) bad_input("{}: hidden size {} is not divisible by {} = {}", where, hidden, heads_key, heads);
  return hidden / heads;
}

void parse_task(const Json& config, std::string_view where, ModelSpec& spec) {
  const Json* names = find_member(config, "id2label", where);
  if (names != nullptr && !names->is_null()) {
    if (!names->is_object() || names->empty()) json_type_error(*names, "id2label", "an object with one name per label", where);
    std::map<int, std::string> by_id;
    for (const auto& [key, value] : names->items()) {
      int id = -1;
      const auto parsed = std::from_chars(key.data(), key.data() + key.size(), id);
      if (parsed.ec != std::errc() || parsed.ptr != key.data() + key.size() || id < 0)
        bad_input("{}: id2label has the key '{}', which is not a label id", where, printable(key));
      by_id[id] = value.is_string() ? value.get<std::string>() : value.dump();
    }
    if (by_id.rbegin()->first + 1 != static_cast<int>(by_id.size()))
      bad_input("{}: id2label has {} labels, but their ids go up to {}", where, by_id.size(), by_id.rbegin()->first);
    for (auto& [id, name] : by_id) spec.labels.push_back(std::move(name));
  } else {
    const auto count = value_or<std::int64_t>(config, "num_labels", 2, where);
    if (count < 1 || count > 1 << 20) bad_input("{}: num_labels is {}, but it must be 1 … {}", where, count, 1 << 20);
    for (std::int64_t i = 0; i < count; ++i) spec.labels.push_back(fmt::format("LABEL_{}", i));
  }
  const auto problem = value_or<std::string>(config, "problem_type",
                                             spec.labels.size() == 1 ? "regression" : "single_label_classification", where);
  if (problem == "regression") {
    if (spec.labels.size() != 1)
      unsupported("{}: regression with {} outputs is not supported (one is)", where, spec.labels.size());
    spec.problem = Problem::regression;
  } else if (problem == "single_label_classification") {
    if (spec.labels.size() < 2)
      bad_input("{}: problem_type single_label_classification needs at least 2 labels, id2label has {}", where,
                spec.labels.size());
    spec.problem = Problem::classification;
  } else {
    unsupported("{}: problem_type '{}' is not supported (regression and single_label_classification are)", where,
                printable(problem));
  }
}

HeadLayout parse_layout(const Json& config, std::string_view where, const HeadCounts& stated) {
  HeadCounts counts = stated;
  // config.json may state the numbers that are left, for other loaders: the block knows those of the original.
  if (const Json* block = find_member(config, "hies", where); block != nullptr && block->is_object()) {
    const std::string inside = fmt::format("{}: hies", where);
    if (find_member(*block, "original_heads", where))
      counts.heads = require_count(*block, "original_heads", inside, 1, kMostHeads);
    if (find_member(*block, "original_kv_heads", where))
      counts.kv_heads = require_count(*block, "original_kv_heads", inside, 1, counts.heads);
    if (counts.heads % counts.kv_heads != 0)
      bad_input("{}: original_heads {} is not a multiple of original_kv_heads {}", inside, counts.heads, counts.kv_heads);
  }
  LayerHeads full;
  full.heads = all_heads(counts.heads);
  full.kv_heads = all_heads(counts.kv_heads);
  full.original_heads = counts.heads;
  full.original_kv_heads = counts.kv_heads;
  full.head_dim = counts.head_dim;
  HeadLayout layout(static_cast<std::size_t>(counts.layers), full);
  if (const Json* block = find_member(config, "hies", where); block != nullptr && !block->is_null()) {
    if (!block->is_object()) json_type_error(*block, "hies", "an object", where);
    apply_hies_block(*block, where, counts, layout);
  } else if (const Json* pruned = find_member(config, "pruned_heads", where); pruned != nullptr && !pruned->is_null()) {
    apply_pruned_heads(*pruned, where, counts, layout);
  }
  return layout;
}

}  // namespace hies::model
