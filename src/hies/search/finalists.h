#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hies/base/progress.h"
#include "hies/refit/options.h"
#include "hies/search/objective.h"

namespace hies::search {

// One of the final few plans, from which the rows that choose take one.
struct Finalist {
  std::string name;  // the strategy's, with a number from the second on, or "scores"
  model::UnitSet removed;
  double objective = 0, choice = 0;     // divergences on the two sets of rows
  std::optional<double> refitted = {};  // on the rows that choose, after a refit with the objective's rows
  double judged() const { return refitted.value_or(choice); }
};

// Judges the final few: by their answers to the rows that choose, or, with a refit, by what these are once the output matrices are
// fitted with the objective's rows. Sets all but name and mask of each. Returns the place of the best, the first of equals.
std::size_t choose(std::vector<Finalist>& finalists, Objective& objective, Objective& choice, const engine::Model& model,
                   const refit::RefitOptions& refit, Progress& progress);

}  // namespace hies::search
