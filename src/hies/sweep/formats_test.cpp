// What docs/formats.md says of a sweep's files.

#include <gtest/gtest.h>

#include <algorithm>

#include "hies/base/files.h"
#include "hies/base/test_files.h"
#include "hies/data/test_small_task.h"
#include "hies/evidence/records.h"
#include "hies/sweep/folder.h"
#include "hies/sweep/sweep.h"

namespace hies::sweep {
namespace {

// The names of all members, however deep: "runs[].model.path".
void collect_names(const Json& json, const std::string& prefix, std::vector<std::string>& names) {
  if (json.is_object()) {
    for (const auto& [name, value] : json.items()) {
      names.push_back(prefix + name);
      collect_names(value, prefix + name + ".", names);
    }
  }
  if (json.is_array() && !json.empty()) collect_names(json.front(), prefix + "[].", names);
}

std::vector<std::string> names_of(const Json& json) {
  std::vector<std::string> names;
  collect_names(json, "", names);
  return names;
}

TEST(SweepFormats, DocumentedSweepIsAConfig) {
  const std::string text = documented_example("sweep.json");
  const Json json = parse_json(text, "docs/formats.md");
  SweepConfig config;
  read_config(json, "docs/formats.md", config);
  check_config(config);
  std::vector<RunIdentity> identities;
  for (const Json& run : json["runs"])
    identities.push_back(
        {{run["model_hash"], run["config_hash"], run["inputs_hash"]}, run["calibration_hash"], run["data_hash"]});
  EXPECT_EQ(pretty(sweep_json(config, identities, json["hies"])), text);
}

TEST(SweepFormats, DocumentedRecordIsRead) {
  const std::string text = documented_example("records.jsonl");
  const evidence::Record record = evidence::record_from_json(parse_json(text, "docs/formats.md"), "docs/formats.md");
  EXPECT_EQ(pretty(evidence::to_json(record)), text);
}

TEST(SweepFormats, DocumentedSummaryHasTheMembersOfARealOne) {
  const TestFolder folder;
  const auto calib = folder.write("train.tsv", data::SmallTask::tsv());
  const auto dev = folder.write("dev.tsv", "text\tlabel\nThe great film\tgood\nis it a movie?\tbad\n");
  SweepRequest request;
  request.output = folder / "sweep";
  SweepOptions& options = request.config.options;
  options.methods = {"random", "hies"};
  options.alpha = "auto";
  options.ratios = {0.5};
  options.seeds = options.examples = options.heldout = options.random_masks = 2;
  options.execution.threads = 1;
  options.latency = true;
  options.eval.latency.latency_seconds = 0.01;
  request.config.runs = {{"tiny", data::SmallTask::model(), "classification", calib, dev}};
  Json real = run_sweep(request).summary;
  // The metrics are the task's.
  Json documented = parse_json(documented_example("summary.json"), "docs/formats.md");
  for (Json* summary : {&real, &documented}) {
    (*summary)["runs"][0]["unpruned"]["metrics"] = Json::object();
    Json& metrics = (*summary)["runs"][0]["random"][0]["metrics"];
    metrics = {{"metric", metrics.front()}};
  }
  EXPECT_EQ(names_of(documented), names_of(real));
}

}  // namespace
}  // namespace hies::sweep
