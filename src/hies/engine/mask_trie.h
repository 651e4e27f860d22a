#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "hies/model/unit_set.h"

namespace hies::engine {

// Masks as a tree over the layers: masks that remove the same units of the first k layers share one branch down to there, so a
// traversal computes every layer that they have in common once. Equal masks end in one leaf.
class MaskTrie {
 public:
  struct Node {
    model::UnitSet removed;          // units of this layer
    std::vector<Node> next;          // choices in the next layer; empty in the last
    std::vector<std::size_t> masks;  // in the last layer: places, ascending, of the given masks that end here
  };

  // `masks`: the removed units of each mask, present in `layout`. The order of the nodes depends on the set of masks only: of two
  // choices that which keeps the first unit in which they differ comes first.
  MaskTrie(std::span<const model::UnitSet> masks, const model::Layout& layout);

  const std::vector<Node>& first() const noexcept { return first_; }  // choices in layer 0
  std::int64_t node_count() const noexcept { return node_count_; }
  // Returns the leaves from first to last: one entry for each distinct mask.
  std::vector<std::vector<std::size_t>> leaves() const;

 private:
  std::vector<Node> grow(std::span<const model::UnitSet> masks, const std::vector<std::size_t>& which, int layer);
  int layers_ = 0;
  std::vector<Node> first_;
  std::int64_t node_count_ = 0;
};

}  // namespace hies::engine
