// Tables of latencies, and plans by them, for the model of docs/formats.md's scores.json.
#include "hies/prune/latency_table.h"

#include "../target.h"
#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/pipeline/plan_run.h"

namespace hies::fuzz {
namespace {

std::vector<Bundle> latency_table_seeds() { return {{{"table.json", documented("table.json")}}}; }

void plan_by_table(const std::filesystem::path& input, const std::filesystem::path& output) {
  const prune::LatencyTable table = prune::read_latency_table(input / "table.json");
  prune::write_latency_table(output / "table.json", table, false);
  const prune::LatencyTable again = prune::read_latency_table(output / "table.json");
  check(again.layers == table.layers && again.setting == table.setting && again.whole == table.whole,
        "the table is another when it is read again");
  const score::Scores scores = score::scores_from_json(parse_json(documented("scores.json"), "docs"), "docs");
  prune::BudgetOptions budget;
  budget.latency_ratio = 0.1;
  budget.latency_table = (input / "table.json").string();
  pipeline::run_plan(scores, {.method = "his"}, budget);
}

}  // namespace

Target latency_table_target() { return {"latency_table", latency_table_seeds, plan_by_table}; }

}  // namespace hies::fuzz
