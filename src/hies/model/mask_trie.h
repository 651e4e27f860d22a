#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "hies/model/heads.h"

namespace hies::model {

// Masks as a tree over the layers: masks that keep the same heads in the first k layers are one branch down to there, so a walk of
// the tree meets every layer once that they have in common. Equal masks end in one leaf.
class MaskTrie {
 public:
  struct Node {
    std::vector<std::uint8_t> keep;  // [H] of this layer: 1 kept, 0 removed
    std::vector<Node> next;          // choices in the next layer; empty in the last
    std::vector<std::size_t> masks;  // in the last layer: places, ascending, of the given masks that end here
  };

  // Gates must be 0 or 1; all masks are of one model. The order of the nodes depends on the set of masks only: of two choices
  // that which keeps the first head in which they differ comes first.
  explicit MaskTrie(std::span<const HeadGates> masks);

  const std::vector<Node>& first() const noexcept { return first_; }  // choices in layer 0
  std::int64_t node_count() const noexcept { return node_count_; }
  // The leaves from first to last: one entry for each distinct mask.
  std::vector<std::vector<std::size_t>> leaves() const;

 private:
  std::vector<Node> grow(std::span<const HeadGates> masks, const std::vector<std::size_t>& which, std::size_t layer);
  std::vector<Node> first_;
  std::int64_t node_count_ = 0;
};

}  // namespace hies::model
