#pragma once

#include <vector>

#include "hies/model/cost.h"
#include "hies/model/heads.h"

namespace hies::prune {

// What is saved when heads go one after the other: a KV head's share when the last of its query heads goes, nothing for heads that
// stay as dead ones. Refers to what it is made of.
class Savings {
 public:
  // heads [L][H], kv_heads [L][K].
  Savings(const model::HeadLayout& layout, const model::HeadTable<model::HeadCost>& heads,
          const model::HeadTable<model::HeadCost>& kv_heads);

  // `gone`: present heads of the layer, by their original indices, not removed before.
  void remove(int layer, const std::vector<int>& gone);
  const model::HeadCost& total() const noexcept { return total_; }

 private:
  model::HeadCost of_layer(std::size_t layer) const;

  const model::HeadLayout& layout_;
  const model::HeadTable<model::HeadCost>& heads_;
  const model::HeadTable<model::HeadCost>& kv_heads_;
  std::vector<std::vector<int>> gone_;     // [L]
  std::vector<model::HeadCost> by_layer_;  // [L]
  model::HeadCost total_;
};

}  // namespace hies::prune
