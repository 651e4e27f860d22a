#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "hies/base/json.h"
#include "hies/base/progress.h"
#include "hies/data/packing.h"
#include "hies/data/rows.h"
#include "hies/engine/execution.h"

namespace hies::explain {

inline constexpr std::string_view kExplainSchema = "hies.explain/1";
inline constexpr std::string_view kExplainFile = "explain.json";

// Which examples and heads are recorded.
struct ExplainOptions {
  std::string pick = "flipped";
  std::int64_t most = 8;
  std::int64_t heads = 24;
  double stability_tolerance = 0.05;
  std::int64_t batch_tokens = data::kBatchTokens;

  template <class V, class Self>
  static void fields(V& v, Self& self) {
    v("pick", self.pick, "flipped (by the plan), wrong (against the label), or lines of the file: 17,23");
    v("most", self.most, "examples of flipped or wrong, at most");
    v("heads", self.heads,
      "heads whose attention is recorded: those with the highest HIS, half of them pruned ones where there is a plan");
    v("stability_tolerance", self.stability_tolerance,
      "how far apart two predicted numbers may be and still agree: share of the label range, 0 … 1");
    v("batch_tokens", self.batch_tokens, "tokens computed at once; bounds memory, does not change results");
  }
};

// The inputs of one job of `hies explain`.
struct ExplainRequest {
  std::filesystem::path model;  // checkpoint directory
  std::string task;
  std::filesystem::path data;
  std::optional<std::filesystem::path> plan = {};  // plan.json
  data::LoadOptions load = {};
  std::string loss = {};  // empty: the task's, without labels logit-norm
  ExplainOptions options = {};
  engine::ExecutionOptions execution = {};
  std::string version;  // of the program
};

// Returns the document of explain.json (docs/formats.md): for each picked example its tokens, the answers with and without the
// plan's heads, HIS and AE of every head, and the attention of some. Throws what load_model, load_evaluation, check_plan, picked
// and predict throw; bad_input for `most` or `heads` below 1.
Json run_explain(const ExplainRequest& request, Progress& progress = silent_progress());

}  // namespace hies::explain
