#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "hies/base/progress.h"
#include "hies/eval/evaluate.h"
#include "hies/eval/latency_check.h"
#include "hies/pipeline/export_run.h"
#include "hies/pipeline/logit_match.h"
#include "hies/pipeline/plan_maker.h"
#include "hies/pipeline/score_run.h"
#include "hies/pipeline/stages.h"
#include "hies/prune/budget.h"
#include "hies/prune/plan.h"
#include "hies/prune/surgery.h"
#include "hies/refit/refit.h"
#include "hies/score/methods/method.h"

namespace hies::pipeline {

// The inputs of one pruning job. The heads to remove come from `plan`, or are chosen with the calibration data.
struct PruneRequest {
  std::filesystem::path model;   // checkpoint directory
  std::filesystem::path output;  // the smaller checkpoint
  bool force = false;            // replace `output`
  prune::SurgeryOptions surgery = {};
  engine::ExecutionOptions execution = {};

  std::optional<std::filesystem::path> plan = {};  // plan.json

  std::string task = {};                                  // with calibration or evaluation data
  std::optional<std::filesystem::path> calibration = {};  // data file
  data::LoadOptions load = calibration_options();  // columns, max_length: of both data files; the rest: of the calibration data
  score::ScoreOptions score = {};                  // `tables` is set to what the method needs
  score::MethodOptions method = {};
  PlanMaker maker = {};      // chooses the units in the place of `method`, and fits what is kept; not with a refit or stages
  StageOptions stages = {};  // in which the budget is spent
  prune::BudgetOptions budget = {};  // beside `plan` only `target` matters
  refit::RefitOptions refit = {};    // with a refit, calibration data may stand beside `plan`: it is fitted with
  // Data file whose rows a refit, or `maker`, fits with and judges by; not set: other rows of `calibration`. Not beside `plan`.
  std::optional<std::filesystem::path> refit_calibration = {};

  std::optional<std::filesystem::path> evaluation = {};  // data file; all its examples are used
  eval::EvalOptions eval = {};

  std::string exported = {};  // "onnx": also written as that, into `output`
  std::string command = {};   // as typed, for README.md of the output; may be empty
};

struct PruneRun {
  model::Layout before, after;               // [L]
  std::optional<score::Scores> scores = {};  // unless a plan was given
  prune::Plan plan;
  std::vector<std::string> fits = {};               // programs that can run the result
  std::optional<refit::Refit> refit = {};           // where one was asked for
  std::optional<eval::Evaluation> evaluation = {};  // of the pruned checkpoint, with the whole one as reference
  // With a latency table, where the evaluation measures latency: how far its prediction was off.
  std::optional<eval::LatencyCheck> latency = {};
  std::optional<ExportRun> exported = {};  // where that was asked for
  // Differences between the pruned checkpoint, loaded again, and the masked (and refitted) model: on the evaluation data, else on the
  // calibration data; not set where there is neither.
  std::optional<LogitMatch> match = {};
};

// Scores, plans, removes and evaluates. All inputs are checked before anything is written; `output` appears whole or not at all.
// Scores and plan are returned for the caller to store. Throws bad_input when neither plan nor calibration data is given, or both
// without a refit; and what the stages throw.
PruneRun run_prune(const PruneRequest& request, Progress& progress = silent_progress());

}  // namespace hies::pipeline
