// Whole sweeps on a tiny model.

#include "hies/study/sweep/sweep.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/model/model.h"
#include "hies/prune/plan.h"
#include "hies/study/eval_run.h"
#include "hies/study/small_task.h"
#include "hies/study/sweep/estimate.h"
#include "hies/study/test_folder.h"

namespace hies::study {
namespace {

// Says what it was warned of.
struct Warnings : Progress {
  void warn(std::string_view message) override { text += std::string(message) + "\n"; }
  std::string text;
};

class Sweep : public testing::Test {
 protected:
  Sweep() {
    model::set_threads(1);
    SweepOptions& options = request.config.options;
    options.methods = {"random", "his", "hies", "l2", "ad/uniform"};
    options.alphas = {0.5};
    options.ratios = {0.25, 0.5};
    options.seeds = 2;
    options.examples = 2;
    options.random_masks = 2;
    options.heldout = 2;
    options.masks_at_once = 2;
    request.config.runs = {{"tiny", SmallTask::model(), "classification", calib, dev}};
  }

  SweepOutcome run(const std::string& name) {
    request.output = folder / name;
    return run_sweep(request);
  }
  std::string records(const std::string& name) const { return read_file(folder / name / kRecordsFile); }
  Error error_of(const std::string& name) {
    try {
      run(name);
    } catch (const Error& error) {
      return error;
    }
    ADD_FAILURE() << "nothing was thrown";
    return Error(ErrorKind::internal, "");
  }

  TestFolder folder;
  std::filesystem::path calib = folder.write("train.tsv", SmallTask::tsv());
  std::filesystem::path dev = folder.write("dev.tsv",
                                           "text\tlabel\nThe great film\tgood\nis it a movie?\tbad\nThe film!\tfair\n"
                                           "it is great\tgood\na movie\tfair\n");
  SweepRequest request{{}, {}, "0.1.0"};
};

TEST_F(Sweep, HasOneRecordForEachCell) {
  const SweepOutcome outcome = run("a");
  // The unpruned model; two ratios of: 2 masks, his and ad with 2 seeds, hies with 3 alphas, l2.
  ASSERT_EQ(outcome.records.size(), 1u + 2 * (2 + 2 + 2 * 3 + 1 + 2));
  EXPECT_EQ(outcome.known, 0);
  EXPECT_EQ(read_records(folder / "a/records.jsonl"), outcome.records);
  const Record& whole = outcome.records.front();
  EXPECT_EQ(whole.method, "none");
  EXPECT_EQ(whole.stability, 1);
  EXPECT_EQ(whole.bound.loss_increase, 0.0);
  std::map<std::string, Record> by_mask;
  for (const Record& record : outcome.records) {
    EXPECT_EQ(record.heads + record.heads_removed, whole.heads);
    EXPECT_EQ(record.metrics.front().first, "accuracy");
    EXPECT_FALSE(record.latency_ms);
    // Equal masks are neighbours, with equal measurements.
    const auto [found, is_new] = by_mask.emplace(record.mask, record);
    EXPECT_EQ(found->second.metrics, record.metrics);
    EXPECT_EQ(found->second.pruned, record.pruned);
  }
  EXPECT_EQ(outcome.summary["distinct_masks"], by_mask.size());
  EXPECT_EQ(outcome.summary["cells"], outcome.records.size());
  EXPECT_EQ(outcome.summary["runs"][0]["random"].size(), 2u);
}

TEST_F(Sweep, RecordsAreWhatEvalSays) {
  const SweepOutcome outcome = run("a");
  EvalRequest eval;
  eval.model = SmallTask::model();
  eval.task = "classification";
  eval.data = dev;
  eval.eval.latency.latency_seconds = 0;
  for (const Record& record : outcome.records) {
    if (record.heads_removed == 0) continue;
    prune::Plan plan;
    plan.model_hash = record.model_hash;
    plan.pruned = record.pruned;
    prune::write_plan(folder / "plan.json", plan, true);
    eval.plan = folder / "plan.json";
    const eval::Result result = run_eval(eval).evaluation.result;
    EXPECT_EQ(result.model.metrics, record.metrics);
    EXPECT_EQ(result.stability, record.stability);
    EXPECT_EQ(result.model.loss, record.mean_loss);
    EXPECT_EQ(result.model.cost.parameters, record.cost.parameters);
    EXPECT_EQ(result.model.cost.flops_per_example, record.cost.flops_per_example);
  }
}

TEST_F(Sweep, EndsWithTheSameBytesWhereverItWasStopped) {
  run("whole");
  const std::string whole = records("whole");
  const auto interesting = [&] {
    std::vector<std::size_t> cuts;
    for (std::size_t i = 0; i <= 12; ++i) cuts.push_back(whole.size() * i / 12);
    cuts.push_back(whole.find('\n'));      // the first line lacks its end only
    cuts.push_back(whole.find('\n') + 1);  // the second has not begun
    return cuts;
  }();
  for (const std::size_t cut : interesting) {
    std::filesystem::remove_all(folder / "again");
    std::filesystem::copy(folder / "whole", folder / "again", std::filesystem::copy_options::recursive);
    folder.write("again/records.jsonl", whole.substr(0, cut));
    if (cut % 2 == 0) std::filesystem::remove(folder / "again/scores/tiny-ce-1.json");
    const SweepOutcome outcome = run("again");
    EXPECT_EQ(outcome.known, std::count(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(cut), '\n'));
    EXPECT_TRUE(records("again") == whole) << cut;
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
  const std::vector<Record> one = run("a").records;
  model::set_threads(2);
  const std::vector<Record> two = run("b").records;
  ASSERT_EQ(one.size(), two.size());
  for (std::size_t i = 0; i < one.size(); ++i) {
    EXPECT_EQ(one[i].mask, two[i].mask);
    EXPECT_EQ(one[i].method, two[i].method);
    EXPECT_EQ(one[i].metrics, two[i].metrics);
    EXPECT_EQ(one[i].stability, two[i].stability);
    EXPECT_NEAR(one[i].mean_loss.value(), two[i].mean_loss.value(), 1e-5);
  }
}

TEST_F(Sweep, StopsWhereNothingIsLost) {
  struct StopAfterSomeMasks : Progress {
    void advanced(std::int64_t) override {
      if (++calls == 4) cancelled() = true;
    }
    void begin(std::string_view stage, std::int64_t, std::string_view) override { calls = stage == "tiny" ? 0 : -1000; }
    int calls = -1000;
  } stop;
  request.output = folder / "a";
  try {
    run_sweep(request, stop);
    FAIL() << "was not interrupted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::interrupted);
    EXPECT_NE(error.hint().find("same command"), std::string::npos);
  }
  Progress::cancelled() = false;
  const std::size_t kept = read_records(folder / "a/records.jsonl").size();
  EXPECT_GT(kept, 1u);
  const SweepOutcome outcome = run("a");
  EXPECT_EQ(outcome.known, static_cast<std::int64_t>(kept));
  EXPECT_LT(kept, outcome.records.size());
  run("b");
  EXPECT_TRUE(records("a") == records("b"));
}

TEST_F(Sweep, RecordsOfAnotherSweepAreRefused) {
  run("a");
  std::string text = records("a");
  const std::size_t ratio = text.rfind("\"ratio\":0.");
  text.replace(ratio, 11, "\"ratio\":0.7");
  folder.write("a/records.jsonl", text);
  EXPECT_NE(std::string(error_of("a").what()).find("is not of this sweep"), std::string::npos);
  folder.write("a/records.jsonl", records("a") + records("a"));
  EXPECT_EQ(error_of("a").kind(), ErrorKind::bad_input);
}

TEST_F(Sweep, ScoresOfOtherDataAreRefused) {
  run("a");
  std::filesystem::copy_file(folder / "a/scores/tiny-ce-0.json", folder / "a/scores/tiny-ce-1.json",
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_NE(std::string(error_of("a").what()).find("tiny-ce-1.json"), std::string::npos);
}

TEST_F(Sweep, AlphaIsChosenWithoutDev) {
  request.config.options.alpha = "auto";
  request.config.options.losses = {"task", "logit-norm"};
  request.config.options.loss = "auto";
  const SweepOutcome first = run("a");
  // Other evaluation labels may change every figure, but not the choice.
  dev = folder.write(
      "dev2.tsv", "text\tlabel\nThe great film\tbad\nis it a movie?\tgood\nThe film!\tbad\nit is great\tfair\na movie\tgood\n");
  request.config.runs[0].data = dev;
  const SweepOutcome second = run("b");
  EXPECT_EQ(first.summary["runs"][0]["choices"], second.summary["runs"][0]["choices"]);
  std::set<std::pair<double, std::string>> chosen;
  for (const Record& record : first.records) {
    EXPECT_TRUE(record.alpha_from.empty() || record.alpha_from == "calibration:heldout(2, seed 0)");
    if (!record.alpha_from.empty() && !record.loss_from.empty()) chosen.emplace(record.alpha.value(), record.loss.value());
  }
  EXPECT_EQ(chosen.size(), 1u);  // of the only task
  // What was evaluated is not evaluated again.
  request.config.runs[0].data = folder / "dev.tsv";
  const std::string heldout = read_file(folder / "a/heldout.jsonl");
  std::filesystem::resize_file(folder / "a/records.jsonl", 0);
  run("a");
  EXPECT_EQ(read_file(folder / "a/heldout.jsonl"), heldout);
}

TEST_F(Sweep, TheHeldOutPartMustFit) {
  request.config.options.alpha = "auto";
  request.config.options.heldout = 7;
  const std::string message = error_of("a").what();
  EXPECT_NE(message.find("heldout is 7, but only"), std::string::npos) << message;
  EXPECT_FALSE(std::filesystem::exists(folder / "a/records.jsonl"));
}

TEST_F(Sweep, WarnsOfDevThatRanksHeads) {
  Warnings warnings;
  request.config.runs[0].data = calib;
  request.output = folder / "a";
  run_sweep(request, warnings);
  EXPECT_NE(warnings.text.find("ranks the heads and judges them"), std::string::npos) << warnings.text;
  warnings.text.clear();
  request.config.runs[0].data = folder.write("copy.tsv", SmallTask::tsv());
  request.output = folder / "b";
  run_sweep(request, warnings);
  EXPECT_NE(warnings.text.find("4 of 4 calibration examples"), std::string::npos) << warnings.text;
  warnings.text.clear();
  request.config.runs[0].data = dev;
  request.output = folder / "c";
  run_sweep(request, warnings);
  EXPECT_EQ(warnings.text, "");
}

TEST_F(Sweep, SeveralRunsStandOneAfterTheOther) {
  request.config.runs.push_back({"second", SmallTask::model(), "classification", dev, calib});
  const SweepOutcome outcome = run("a");
  const auto second =
      std::find_if(outcome.records.begin(), outcome.records.end(), [](const Record& r) { return r.run == "second"; });
  EXPECT_EQ(second->method, "none");
  EXPECT_TRUE(std::all_of(second, outcome.records.end(), [](const Record& r) { return r.run == "second"; }));
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
  request.config.options.latency_seconds = 0.01;
  const SweepOutcome outcome = run("a");
  std::size_t measured = 0;
  for (const Record& record : outcome.records) {
    const bool wanted = record.method != "none" && record.seed.value_or(0) == 0 && record.alpha.value_or(0.5) == 0.5;
    EXPECT_EQ(record.latency_ms.has_value(), wanted) << record_line(record);
    if (record.latency_ms) {
      EXPECT_GT(record.latency_ms->median, 0);
      EXPECT_GE(record.latency_ms->pairs, 3);
    }
    measured += record.latency_ms.has_value();
  }
  EXPECT_EQ(measured, 2u * 5);
  EXPECT_EQ(read_records(folder / "a/records.jsonl"), outcome.records);
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
  for (const Record& record : outcome.records)
    if (!record.examples) known.insert(record.mask);
  EXPECT_EQ(estimates[0].known_masks, static_cast<std::int64_t>(known.size()));
  EXPECT_EQ(estimates[0].scoring_passes, 2 * 2);
  EXPECT_GT(estimates[0].seconds, 0);
}

}  // namespace
}  // namespace hies::study
