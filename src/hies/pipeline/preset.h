#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "hies/data/rows.h"
#include "hies/prune/budget.h"
#include "hies/refit/options.h"
#include "hies/score/methods/method.h"
#include "hies/score/options.h"

namespace hies::pipeline {

// Named settings of several options.
//   paper  HIES of heads alone from 32 rows, no refit: the defaults
//   best   the Fisher information of heads and neurons from 512 rows, and every output matrix fitted anew. The loss needs no labels: the
//          norm of the logits; of a language model the cross-entropy to its text, where neurons are removed. From heads alone a language
//          model's text says too little of other texts: there the norm of the logits stays, and only what heads write to is fitted
//          (docs/results/halved.md).

// Returns the preset where none is named: best for a share of the model's FLOPs, parameters or latency, else paper.
std::string_view preset_for(const prune::BudgetOptions& budget);

// What a preset may set; null: the job has no such options.
struct PresetTargets {
  std::string_view task = {};  // which the job is for; empty: not known
  score::MethodOptions* method = nullptr;
  score::ScoreOptions* score = nullptr;
  refit::RefitOptions* refit = nullptr;
  data::LoadOptions* load = nullptr;
};

// Sets the options of a preset for which not `given(name)`, name that of the field. Throws bad_input for another preset than "paper" and
// "best", and for an unknown task.
void apply_preset(std::string_view preset, const PresetTargets& targets, const std::function<bool(std::string_view)>& given);

}  // namespace hies::pipeline
