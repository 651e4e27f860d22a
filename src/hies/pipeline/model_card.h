#pragma once

#include <string>

#include "hies/arch/checkpoint.h"
#include "hies/eval/result.h"
#include "hies/prune/plan.h"
#include "hies/refit/refit.h"

namespace hies::pipeline {

// What a pruned checkpoint's model card, its README.md, says of how it was made.
struct ModelCard {
  const arch::Checkpoint& source;
  const prune::Plan& plan;
  const eval::Result* result = nullptr;  // of the masked model beside the whole one; null: not evaluated
  std::string command;                   // as typed; may be empty
  bool keep_shapes = false;
  const refit::Refit* refit = nullptr;  // null: none was made
  std::string calibration = {};         // what it was fitted with
};

// Returns a section of Markdown: the command, the measurements before and after, what the refit learned from, and
// the removed heads. It holds nothing that
// depends on the machine or the time.
std::string markdown(const ModelCard& card);

}  // namespace hies::pipeline
