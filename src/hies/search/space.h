#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "hies/prune/budget.h"
#include "hies/prune/savings.h"

namespace hies::search {

// What is removed as a whole: a head, a KV group, or a block of neurons.
struct Unit {
  model::Site site;
  std::vector<int> members;  // original indices, ascending
  double cost = 0;           // FLOPs per token of its own matrices
  bool in_turn = false;      // removed only after the units of its site that stand before it: a block of neurons
};

// The units of a model in the order in which their scores would remove them, and the budget of what is removed.
class Space {
 public:
  // `input` and what it refers to outlive it. Throws bad_input for `uniform`, which leaves nothing to choose, a `protect` that is not
  // a list of present units, and a budget that is met without removing anything. What else a budget may get wrong is make_plan's matter.
  Space(const prune::PlanInput& input, const prune::BudgetOptions& budget);

  const std::vector<Unit>& units() const noexcept { return units_; }
  bool is_protected(std::size_t unit) const { return protected_[unit]; }
  // Returns how many units the scores alone would remove: the shortest beginning that meets the budget.
  std::size_t removed_by_scores() const;

 private:
  friend class Removal;
  struct Quota {  // of one kind of site; units
    std::int64_t attention = 0, ffn = 0;
  };
  void set_quota();

  const prune::PlanInput& input_;
  const prune::BudgetOptions& budget_;
  std::vector<Unit> units_;
  std::vector<bool> protected_;
  Quota quota_;
  bool by_count_ = false;  // the budget is a number of units of each kind
};

// A set of units that are removed, one after the other.
class Removal {
 public:
  explicit Removal(const Space& space);

  // Returns whether the unit may be removed next: it is present, not protected, its layer keeps enough, its kind's budget is not used
  // up and, of a block of neurons, those before it are removed.
  bool can_remove(std::size_t unit) const;
  void remove(std::size_t unit);
  bool is_removed(std::size_t unit) const { return removed_[unit]; }
  // Returns the mask with one more unit.
  model::UnitSet with(std::size_t unit) const;
  const model::UnitSet& mask() const noexcept { return mask_; }
  const std::vector<std::size_t>& order() const noexcept { return order_; }
  bool meets_budget() const { return used() >= 1; }
  // Returns the share of the budget that is used; 1 and more: it is met.
  double used() const;

 private:
  const Space& space_;
  prune::Savings savings_;
  std::vector<bool> removed_;
  std::vector<std::size_t> order_;
  model::UnitSet mask_;
  std::map<model::Site, std::int64_t> spare_;              // heads or neurons that a layer can still lose
  std::map<model::Site, std::vector<std::size_t>> turns_;  // blocks that are not removed, the next one last
  std::int64_t attention_ = 0, ffn_ = 0, heads_ = 0;       // removed
};

}  // namespace hies::search
