#pragma once

#include <string>

#include "hies/eval/result.h"
#include "hies/model/checkpoint.h"
#include "hies/prune/plan.h"

namespace hies::pipeline {

// What a pruned checkpoint's README.md tells of its making.
struct Note {
  const model::Checkpoint& source;
  const prune::Plan& plan;
  const eval::Result* result = nullptr;  // of the masked model beside the whole one; null: not evaluated
  std::string command;                   // as typed; empty: not told
  bool keep_shapes = false;
};

// Markdown: a section with the command, figures before and after, and the removed heads. Holds nothing that depends on the machine
// or the time.
std::string markdown(const Note& note);

}  // namespace hies::pipeline
