// scores.json of both versions, and plans by every method.
#include "hies/score/scores.h"

#include "../target.h"
#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/pipeline/plan_run.h"

namespace hies::fuzz {
namespace {

std::vector<Bundle> scores_seeds() {
  const auto old = source_dir() / "tests/data/v1";
  std::vector<Bundle> seeds = {{{"scores.json", documented("scores.json")}}};
  for (const char* name : {"bert-scores.json", "llama-scores.json", "llama-pruned-scores.json"}) {
    const std::string text = read_file(old / name);
    seeds.push_back({{"scores.json", text}});
    seeds.push_back({{"scores.json", pretty(score::to_json(score::scores_from_json(parse_json(text, name), name)))}});
  }
  return seeds;
}

std::vector<prune::BudgetOptions> budgets() {
  std::vector<prune::BudgetOptions> all(5);
  all[0].ratio = 0.5;
  all[1].ratio = 0.3;
  all[1].uniform = true;
  all[2].heads = 1;
  all[3].params_ratio = 0.01;
  all[4].flops_ratio = 0.01;
  return all;
}

void plan_from(const score::Scores& scores, const score::MethodOptions& method, const prune::BudgetOptions& budget) {
  try {
    const prune::Plan plan = pipeline::run_plan(scores, method, budget);
    prune::check_plan(plan, scores.model_info.hashes, scores.layout, "the plan");
    pretty(prune::to_json(plan));
  } catch (const Error& error) {
    check(error.kind() != ErrorKind::internal, error.what());
  }
}

void read_scores_file(const std::filesystem::path& input, const std::filesystem::path& output) {
  const score::Scores scores = score::read_scores(input / "scores.json");
  score::write_scores(output / "scores.json", scores, false);
  score::read_scores(output / "scores.json");
  for (const score::Method& known : score::methods()) {
    score::MethodOptions method;
    method.method = known.name;
    plan_from(scores, method, budgets().front());
  }
  for (const prune::BudgetOptions& budget : budgets()) plan_from(scores, {}, budget);
}

}  // namespace

Target scores_target() { return {"scores", scores_seeds, read_scores_file}; }

}  // namespace hies::fuzz
