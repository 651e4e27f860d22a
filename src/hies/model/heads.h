#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <iterator>
#include <vector>

namespace hies::model {

// A head by its place in the original, unpruned model.
struct HeadId {
  int layer = 0;
  int head = 0;
  auto operator<=>(const HeadId&) const = default;  // NOLINT(modernize-use-nullptr): clang-tidy 14 sees a pointer here
};

// The heads that one layer has. Indices are those of the original model, ascending; a layer may have none.
struct LayerHeads {
  std::vector<int> heads;     // [H] query heads
  std::vector<int> kv_heads;  // [K] key/value heads
  int original_heads = 0;
  int original_kv_heads = 0;
  int head_dim = 0;  // D
  // Those of `heads` that are zeros: removed, but kept in the tensors so that every KV head has as many query heads. They are pruned
  // with no loss and no gain, and are no part of any unit.
  std::vector<int> dead = {};

  int count() const noexcept { return static_cast<int>(heads.size()); }
  int kv_count() const noexcept { return static_cast<int>(kv_heads.size()); }
  // Original KV head that the original query head `head` reads.
  int kv_of(int head) const { return static_cast<int>(std::int64_t{head} * original_kv_heads / original_heads); }
  // Whether query heads share KV heads.
  bool grouped() const noexcept { return original_kv_heads < original_heads; }
  // The query heads that are not dead.
  std::vector<int> live() const {
    std::vector<int> alive;
    std::set_difference(heads.begin(), heads.end(), dead.begin(), dead.end(), std::back_inserter(alive));
    return alive;
  }
  // Whether the original query head `head` is present and not dead.
  bool is_live(int head) const { return position_of(head) >= 0 && !std::binary_search(dead.begin(), dead.end(), head); }
  // Drops the KV heads that no present query head reads.
  void drop_unread_kv_heads() {
    std::erase_if(kv_heads, [this](int kv_head) {
      return std::none_of(heads.begin(), heads.end(), [&](int head) { return kv_of(head) == kv_head; });
    });
  }
  // Position in kv_heads, for every present query head: [H].
  std::vector<std::int32_t> kv_positions() const {
    std::vector<std::int32_t> positions;
    for (const int head : heads) {
      const auto found = std::lower_bound(kv_heads.begin(), kv_heads.end(), kv_of(head));
      positions.push_back(static_cast<std::int32_t>(found - kv_heads.begin()));
    }
    return positions;
  }
  // Position of the original query head in `heads`, or -1.
  int position_of(int head) const {
    const auto found = std::lower_bound(heads.begin(), heads.end(), head);
    return found != heads.end() && *found == head ? static_cast<int>(found - heads.begin()) : -1;
  }
  bool operator==(const LayerHeads&) const = default;
};

// The layer with the heads for which keep [H] is not 0, and the KV heads that these read.
inline LayerHeads keep_heads(const LayerHeads& layer, const std::vector<std::uint8_t>& keep) {
  LayerHeads left = layer;
  left.heads.clear();
  for (std::size_t i = 0; i < layer.heads.size(); ++i)
    if (keep[i] != 0) left.heads.push_back(layer.heads[i]);
  std::erase_if(left.dead, [&left](int head) { return left.position_of(head) < 0; });
  left.drop_unread_kv_heads();
  return left;
}

// Layer by layer [L]; what every plan, score table and cost is about.
using HeadLayout = std::vector<LayerHeads>;

inline int head_count(const HeadLayout& layout) {
  int count = 0;
  for (const LayerHeads& layer : layout) count += layer.count();
  return count;
}

inline int dead_head_count(const HeadLayout& layout) {
  int count = 0;
  for (const LayerHeads& layer : layout) count += static_cast<int>(layer.dead.size());
  return count;
}

// Query heads that are not dead.
inline int live_head_count(const HeadLayout& layout) { return head_count(layout) - dead_head_count(layout); }

// One value per present head: table[layer][position], rows of different lengths.
template <class T>
using HeadTable = std::vector<std::vector<T>>;

template <class T>
HeadTable<T> make_head_table(const HeadLayout& layout, T value = T{}) {
  HeadTable<T> table;
  for (const LayerHeads& layer : layout) table.emplace_back(layer.heads.size(), value);
  return table;
}

// What multiplies each head's output A_h: 1 keeps, 0 removes (the head is then not even computed), anything between is allowed.
using HeadGates = HeadTable<double>;

}  // namespace hies::model
