// plan.json of both versions, for the model of docs/formats.md's scores.json.
#include "hies/prune/plan.h"

#include "../target.h"
#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/score/scores.h"

namespace hies::fuzz {
namespace {

std::vector<Bundle> plan_seeds() {
  const auto old = source_dir() / "tests/data/v1";
  return {{{"plan.json", documented("plan.json")}},
          {{"plan.json", read_file(old / "bert-plan.json")}},
          {{"plan.json", read_file(old / "llama-plan.json")}}};
}

void read_plan_file(const std::filesystem::path& input, const std::filesystem::path& output) {
  const prune::Plan plan = prune::read_plan(input / "plan.json");
  prune::write_plan(output / "plan.json", plan, false);
  const prune::Plan again = prune::read_plan(output / "plan.json");
  check(again.removed == plan.removed && again.model == plan.model && again.units == plan.units,
        "the plan is another when it is read again");
  static const score::Scores scores = score::scores_from_json(parse_json(documented("scores.json"), "docs"), "docs");
  prune::pruned_layout(plan, scores.layout);
  prune::gates(plan, scores.layout);
}

}  // namespace

Target plan_target() { return {"plan", plan_seeds, read_plan_file}; }

}  // namespace hies::fuzz
