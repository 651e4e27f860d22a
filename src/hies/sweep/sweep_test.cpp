// Whole sweeps: the records that come out.

#include "hies/sweep/sweep.h"

#include <algorithm>
#include <map>
#include <set>

#include "hies/pipeline/eval_run.h"
#include "hies/prune/plan.h"
#include "hies/sweep/estimate.h"
#include "hies/sweep/test_sweep.h"

namespace hies::sweep {
namespace {

TEST_F(Sweep, HasOneRecordForEachCell) {
  const SweepOutcome outcome = run("a");
  // The unpruned model; two ratios of: 2 masks, his and ad with 2 seeds, hies with 3 alphas, l2.
  ASSERT_EQ(outcome.records.size(), 1u + 2 * (2 + 2 + 2 * 3 + 1 + 2));
  EXPECT_EQ(outcome.known, 0);
  EXPECT_EQ(evidence::read_records(folder / "a/records.jsonl"), outcome.records);
  const evidence::Record& whole = outcome.records.front();
  EXPECT_TRUE(whole.is_unpruned());
  EXPECT_EQ(whole.measured.stability, 1);
  EXPECT_EQ(whole.measured.bound.loss_increase, 0.0);
  std::map<std::string, evidence::Record> by_mask;
  for (const evidence::Record& record : outcome.records) {
    EXPECT_EQ(record.mask.heads + record.mask.heads_removed, whole.mask.heads);
    EXPECT_EQ(record.measured.metrics.front().first, "accuracy");
    EXPECT_FALSE(record.measured.latency_ms);
    // Equal masks are neighbours, with equal measurements.
    const auto [found, is_new] = by_mask.emplace(record.mask.hash, record);
    EXPECT_EQ(found->second.measured.metrics, record.measured.metrics);
    EXPECT_EQ(found->second.mask.removed, record.mask.removed);
  }
  EXPECT_EQ(outcome.summary["distinct_masks"], by_mask.size());
  EXPECT_EQ(outcome.summary["cells"], outcome.records.size());
  EXPECT_EQ(outcome.summary["runs"][0]["random"].size(), 2u);
}

TEST_F(Sweep, RecordsAreWhatEvalSays) {
  const SweepOutcome outcome = run("a");
  pipeline::EvalRequest eval;
  eval.model = data::SmallTask::model();
  eval.task = "classification";
  eval.data = dev;
  eval.eval.latency.latency_seconds = 0;
  for (const evidence::Record& record : outcome.records) {
    if (record.mask.heads_removed == 0) continue;
    prune::Plan plan;
    plan.model = record.key.model;
    plan.removed = record.mask.removed;
    prune::write_plan(folder / "plan.json", plan, true);
    eval.plan = folder / "plan.json";
    const eval::Result result = pipeline::run_eval(eval).evaluation.result;
    EXPECT_EQ(result.model.metrics, record.measured.metrics);
    EXPECT_EQ(result.stability, record.measured.stability);
    EXPECT_EQ(result.model.loss, record.measured.mean_loss);
    EXPECT_EQ(result.model.cost.parameters, record.measured.cost.parameters);
    EXPECT_EQ(result.model.cost.flops_per_example, record.measured.cost.flops_per_example);
  }
}

TEST_F(Sweep, DoesNotDependOnChunks) {
  run("a");
  request.config.options.masks_at_once = 100;
  run("b");
  EXPECT_TRUE(records("a") == records("b"));
}

// Matrix products add up in another order, so that float32 losses differ in their last digits.
TEST_F(Sweep, DoesNotDependOnThreadsButForRounding) {
  const std::vector<evidence::Record> one = run("a").records;
  request.config.options.execution.threads = 2;
  const std::vector<evidence::Record> two = run("b").records;
  ASSERT_EQ(one.size(), two.size());
  for (std::size_t i = 0; i < one.size(); ++i) {
    EXPECT_EQ(one[i].mask, two[i].mask);
    EXPECT_EQ(one[i].key.method, two[i].key.method);
    EXPECT_EQ(one[i].measured.metrics, two[i].measured.metrics);
    EXPECT_EQ(one[i].measured.stability, two[i].measured.stability);
    EXPECT_NEAR(one[i].measured.mean_loss.value(), two[i].measured.mean_loss.value(), 1e-5);
  }
}

TEST_F(Sweep, SeveralRunsStandOneAfterTheOther) {
  request.config.runs.push_back({"second", data::SmallTask::model(), "classification", dev, calib});
  const SweepOutcome outcome = run("a");
  const auto second = std::find_if(outcome.records.begin(), outcome.records.end(),
                                   [](const evidence::Record& r) { return r.key.run == "second"; });
  EXPECT_TRUE(second->is_unpruned());
  EXPECT_TRUE(std::all_of(second, outcome.records.end(), [](const evidence::Record& r) { return r.key.run == "second"; }));
  const std::string whole = records("a");
  const std::size_t boundary = whole.find("\"run\":\"second\"");
  for (const std::size_t cut : {boundary - 200, boundary + 500}) {
    std::filesystem::resize_file(folder / "a/records.jsonl", cut);
    run("a");
    EXPECT_TRUE(records("a") == whole) << cut;
  }
}

TEST_F(Sweep, LatencyIsMeasuredOfSeedZero) {
  request.config.options.latency = true;
  request.config.options.eval.latency.latency_seconds = 0.01;
  const SweepOutcome outcome = run("a");
  std::size_t measured = 0;
  for (const evidence::Record& record : outcome.records) {
    const bool wanted = !record.is_unpruned() && record.key.seed.value_or(0) == 0 && record.key.alpha.value_or(0.5) == 0.5;
    EXPECT_EQ(record.measured.latency_ms.has_value(), wanted) << evidence::record_line(record);
    if (record.measured.latency_ms) {
      EXPECT_GT(record.measured.latency_ms->median, 0);
      EXPECT_GE(record.measured.latency_ms->pairs, 3);
    }
    measured += record.measured.latency_ms.has_value();
  }
  EXPECT_EQ(measured, 2u * 5);
  EXPECT_EQ(evidence::read_records(folder / "a/records.jsonl"), outcome.records);
  for (const auto& entry : std::filesystem::directory_iterator(folder / "a")) EXPECT_NE(entry.path().extension(), ".tmp");
  // What was measured is not measured again.
  EXPECT_EQ(run("a").records, outcome.records);
}

TEST_F(Sweep, AnEstimateCountsCellsAndRunsNoScores) {
  const std::vector<RunEstimate> estimates = estimate_sweep(request.config);
  ASSERT_EQ(estimates.size(), 1u);
  const SweepOutcome outcome = run("a");
  EXPECT_EQ(estimates[0].cells, static_cast<std::int64_t>(outcome.records.size()));
  EXPECT_LE(estimates[0].masks, estimates[0].cells);
  std::set<std::string> known;
  for (const evidence::Record& record : outcome.records)
    if (!record.key.examples) known.insert(record.mask.hash);
  EXPECT_EQ(estimates[0].known_masks, static_cast<std::int64_t>(known.size()));
  EXPECT_EQ(estimates[0].scoring_passes, 2 * 2);
  EXPECT_GT(estimates[0].seconds, 0);
}

}  // namespace
}  // namespace hies::sweep
