#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hies/base/progress.h"
#include "hies/data/rows.h"
#include "hies/engine/execution.h"
#include "hies/eval/evaluate.h"
#include "hies/prune/budget.h"
#include "hies/prune/plan.h"
#include "hies/refit/options.h"
#include "hies/score/methods/method.h"
#include "hies/score/options.h"
#include "hies/search/finalists.h"
#include "hies/search/found.h"
#include "hies/search/options.h"

namespace hies::search {

inline constexpr std::string_view kPlanFile = "plan.json";
inline constexpr std::string_view kResultFile = "result.json";

// Return the defaults of a search: heads alone, scored by their Fisher information without labels; neurons leave in blocks of 64.
score::MethodOptions method_options();
score::ScoreOptions score_options();

// The inputs of one search.
struct SearchRequest {
  std::filesystem::path model;   // checkpoint directory
  std::filesystem::path output;  // the search's directory; one that holds the same search is resumed
  std::string task = {};
  std::filesystem::path calibration;                     // data file
  std::optional<std::filesystem::path> evaluation = {};  // data file; all its examples are used
  data::LoadOptions load = {};                           // of calibration data; its columns and lengths of both
  score::MethodOptions method = method_options();        // ranks candidates, and orders neurons
  score::ScoreOptions score = score_options();           // `tables` is set to what the method needs
  prune::BudgetOptions budget = {};
  SearchOptions search = {};
  refit::RefitOptions refit = {};  // of the final few; fitted with the objective's rows, whatever its numbers of rows
  eval::EvalOptions eval = {};
  engine::ExecutionOptions execution = {};
  std::string version = {};  // of hies; a search is resumed by the same version
};

// One of the three sets of rows, and how far on it the plan and that of the scores alone are from the unmasked model.
struct OnRows {
  std::string file, hash;
  std::int64_t examples = 0;
  double plan = 0, scores = 0;
};

struct SearchRun {
  prune::Plan plan;
  model::Layout layout;           // of the model
  std::vector<std::string> fits;  // programs that can run the result
  std::string_view divergence;    // eval::divergence_name
  std::int64_t units = 0;         // that the model has
  std::string strategy;
  Found found;
  std::vector<Finalist> finalists;  // the last is the scores' own plan
  std::size_t chosen = 0;           // of these
  OnRows objective, choice;
  std::optional<OnRows> evaluation_rows = {};
  std::optional<eval::Evaluation> evaluation = {};  // of the masked model, with the whole one as reference
  // Masks evaluated on the objective's rows, all of them or few: by this process, and known from the journal.
  eval::MaskStats masks;
  std::int64_t known_masks = 0;
  double seconds = 0;  // that the evaluations of this process took
};

// Searches, and writes plan.json and result.json into `output`. What has been evaluated is in a journal there, so that a search that
// was stopped goes on where it was. Throws bad_input for a directory that holds another search, and what scoring, planning and
// evaluating throw.
SearchRun run_search(const SearchRequest& request, Progress& progress = silent_progress());

// Returns the content of result.json.
Json to_json(const SearchRun& run);

}  // namespace hies::search
