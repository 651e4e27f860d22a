#pragma once

#include <map>
#include <vector>

#include "hies/model/cost.h"
#include "hies/model/unit_table.h"

namespace hies::prune {

// What is saved when units are removed one after the other: a KV head's share when the last of its query heads is removed, nothing
// for heads that stay as padding. Refers to what it is made of.
class Savings {
 public:
  // `units` and `kv_heads` have a cost for each present unit and KV head of the sites that remove() names.
  Savings(const model::Layout& layout, const model::UnitTable<model::UnitCost>& units,
          const model::UnitTable<model::UnitCost>& kv_heads);

  // `removed`: present units of the site, by their original indices, not removed before.
  void remove(model::Site site, const std::vector<int>& removed);
  const model::UnitCost& total() const noexcept { return total_; }

 private:
  struct OfSite {
    std::vector<int> removed;
    model::UnitCost saved;
  };
  model::UnitCost saved_at(model::Site site, const std::vector<int>& removed) const;

  const model::Layout& layout_;
  const model::UnitTable<model::UnitCost>& units_;
  const model::UnitTable<model::UnitCost>& kv_heads_;
  std::map<model::Site, OfSite> by_site_;
  model::UnitCost total_;
};

}  // namespace hies::prune
