#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hies/base/progress.h"
#include "hies/data/dataset.h"
#include "hies/engine/model.h"
#include "hies/eval/cost.h"
#include "hies/model/unit_set.h"
#include "hies/pipeline/plan_maker.h"
#include "hies/prune/budget.h"
#include "hies/refit/refit.h"
#include "hies/score/methods/method.h"
#include "hies/score/options.h"
#include "hies/score/scores.h"

namespace hies::baseline {

// What a baseline works with. All that is referred to outlives it.
struct Work {
  const engine::Model& model;
  std::shared_ptr<const arch::Checkpoint> checkpoint;  // of the model
  const score::Scores& scores;                         // with the tables of Baseline::scorer, of the sites of `method`
  score::MethodOptions method;                         // `method` is Baseline::scorer
  prune::BudgetOptions budget;
  score::ScoreOptions score;     // how `scores` were computed: the loss, its draws
  const data::Dataset& scored;   // rows whose gradients are taken, with labels where the loss needs them
  const data::Dataset& fitted;   // rows that output matrices are fitted with
  const data::Dataset& heldout;  // rows that say how far the answers are from the dense model's; may be empty
  engine::ExecutionOptions execution;
};

// A method of another paper that does more than score units: it chooses them for a budget with the model at hand, and changes what is
// kept. One file x.cpp, which defines x_baseline(), and one line in baselines.def.
struct Baseline {
  std::string_view name;
  std::string_view description;  // one line
  std::string_view scorer;       // the scoring method that it begins with
  std::string_view loss = {};    // the only loss that it is for; empty: that of the job
  // Whether one budget may be over heads and neurons.
  bool joint = true;
  // Whether it removes units. Else it makes every layer narrower in another way, `select` is null, and what it leaves is evaluated with
  // the shapes of the whole model: no checkpoint can hold it.
  bool removes_units = true;
  // Of one that does not: which shares of the model a budget takes, for what its slicing would cost.
  struct Narrower {
    double channels = 0;  // of every head's size
    double hidden = 0;    // of the hidden size E, with matrices [E, E] that turn the residual stream at each addition
  };
  Narrower (*narrower)(const model::ModelSpec& spec, const prune::BudgetOptions& budget) = nullptr;
  // Returns the units to remove, which meet the budget; the same for the same work.
  model::UnitSet (*select)(const Work& work, Progress& progress) = nullptr;
  // Returns what becomes of the output matrices without those units.
  refit::Refit (*fit)(const Work& work, const model::UnitSet& removed, Progress& progress) = nullptr;

  // Returns whether it removes units of such sites.
  bool judges(model::SiteKind kind) const { return score::find_method(scorer).judges(kind); }
};

// Returns all baselines, in the order in which they are listed to the user.
std::span<const Baseline> baselines();
// Returns null where there is none of that name.
const Baseline* find_baseline(std::string_view name);

// Returns what a pruning job is given for the baseline.
pipeline::PlanMaker maker(const Baseline& baseline);

// What a baseline that removes no units would cost as real slices.
struct NarrowerCost {
  std::int64_t parameters = 0;
  double flops_per_example = 0;
};
// Returns that of the checkpoint, FLOPs at these lengths.
NarrowerCost narrower_cost(const arch::Checkpoint& checkpoint, const Baseline::Narrower& narrower, const eval::Lengths& lengths);

// Returns the plan that removes these units: with what it saves, as make_plan says it, and the name of what chose them.
prune::Plan plan_of(const Work& work, const Baseline& baseline, const model::UnitSet& removed);

}  // namespace hies::baseline
