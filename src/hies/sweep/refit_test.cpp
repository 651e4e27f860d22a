// Sweeps over neurons, joint budgets and refits.

#include <algorithm>
#include <map>
#include <set>

#include "hies/pipeline/eval_run.h"
#include "hies/pipeline/prune_run.h"
#include "hies/sweep/estimate.h"
#include "hies/sweep/test_sweep.h"

namespace hies::sweep {
namespace {

using evidence::Record;

class RefitSweep : public Sweep {
 protected:
  RefitSweep() {
    SweepOptions& options = request.config.options;
    options.methods = {"his", "fisher"};
    options.sites = "attention/ffn/attention,ffn";
    options.ratios = {0.5};
    options.matrix_flops_ratios = {0.1};
    options.refit = {"none", "all"};
    options.refit_options.refit_examples = 3;
    options.refit_options.refit_heldout = 2;
  }

  // Warnings of a sweep.
  struct Warnings : Progress {
    void warn(std::string_view message) override { all += std::string(message) + "\n"; }
    std::string all;
  };
};

// Returns what identifies the refit of a record: what is removed, which matrices are fitted, with which rows.
std::string fit_of(const Record& record) {
  return fmt::format("{} {} {} {}", record.mask.hash, record.key.refit, record.key.seed.value_or(0),
                     record.key.examples.value_or(2));
}

TEST_F(RefitSweep, HasACellForEachSitesBudgetAndRefit) {
  request.output = folder / "a";
  Warnings warnings;
  const SweepOutcome outcome = run_sweep(request, warnings);
  // The unpruned model; 2 seeds and refit or none of: his with 3 sites by ratio and 2 by FLOPs, fisher with 3 and 3.
  EXPECT_EQ(outcome.records.size(), 1u + 2 * 2 * (5 + 6));
  EXPECT_NE(warnings.all.find("no cells of his with sites attention,ffn and `matrix_flops_ratios`"), std::string::npos)
      << warnings.all;
  std::set<std::string> fits;
  bool neurons = false;
  for (const Record& record : outcome.records) {
    EXPECT_EQ(record.measured.refitted.has_value(), record.key.refit == "all");
    EXPECT_TRUE(record.key.sites != "attention" || record.mask.neurons_removed == 0);
    EXPECT_TRUE(record.key.sites != "ffn" || record.mask.heads_removed == 0);
    neurons = neurons || record.mask.neurons_removed > 0;
    if (record.key.sites == "attention,ffn" && record.key.budget == "ratio") {
      EXPECT_EQ(record.measured.cost.removed.heads, 0.5);
      EXPECT_EQ(record.measured.cost.removed.neurons, 0.5);
    }
    EXPECT_EQ(record.mask.neurons.value() + record.mask.neurons_removed, outcome.records.front().mask.neurons);
    if (!record.measured.refitted) continue;
    fits.insert(fit_of(record));
    EXPECT_EQ(record.measured.refitted->examples, 3);
    EXPECT_EQ(record.measured.refitted->heldout, 2);
    EXPECT_GT(record.measured.refitted->divergence_before.value(), 0);
    for (const auto& gain : record.measured.refitted->sites) EXPECT_LE(gain.error_after, gain.error_before * (1 + 1e-6));
    EXPECT_FALSE(record.measured.bound.first_order);
  }
  EXPECT_TRUE(neurons);
  EXPECT_EQ(outcome.summary["refits"], fits.size());
  EXPECT_EQ(evidence::read_records(folder / "a/records.jsonl"), outcome.records);
  EXPECT_EQ(run("a").records, outcome.records);
}

TEST_F(RefitSweep, ACellIsWhatPruneWrites) {
  SweepOptions& options = request.config.options;
  options.seeds = 1;
  const SweepOutcome outcome = run("a");
  int compared = 0;
  for (const Record& record : outcome.records) {
    if (record.key.method != "fisher" || record.key.refit != "all") continue;
    pipeline::PruneRequest prune;
    prune.model = data::SmallTask::model();
    prune.output = folder / fmt::format("pruned-{}", compared);
    prune.execution = options.execution;
    prune.task = "classification";
    prune.calibration = calib;
    prune.load.examples = 2;
    prune.load.seed = 0;
    prune.method.method = "fisher";
    prune.method.sites = record.key.sites;
    prune.score.batch_tokens = options.eval.batch_tokens;
    Cell cell;
    cell.sites = record.key.sites;
    cell.budget = record.key.budget;
    cell.ratio = record.key.ratio;
    prune.budget = cell_budget(options, cell);
    prune.refit = options.refit_options;
    prune.refit.refit = "all";
    prune.evaluation = dev;
    prune.eval.latency.latency_seconds = 0;
    const pipeline::PruneRun pruned = pipeline::run_prune(prune);
    EXPECT_EQ(pruned.plan.removed, record.mask.removed);
    EXPECT_EQ(pruned.refit->damping, record.measured.refitted->damping);
    EXPECT_NEAR(*pruned.refit->divergence_after, record.measured.refitted->divergence_after.value(), 1e-6);
    EXPECT_EQ(pruned.refit->gains.size(), record.measured.refitted->sites.size());
    const eval::Result& result = pruned.evaluation->result;
    EXPECT_EQ(result.model.metrics, record.measured.metrics);
    EXPECT_EQ(result.stability, record.measured.stability);
    EXPECT_NEAR(result.model.loss.value(), record.measured.mean_loss.value(), 1e-5);
    EXPECT_EQ(result.model.cost.flops_per_example, record.measured.cost.flops_per_example);
    ++compared;
  }
  EXPECT_EQ(compared, 6);
}

TEST_F(RefitSweep, CellsOfOneModelShareARefit) {
  SweepOptions& options = request.config.options;
  options.methods = {"his", "hies"};  // his is hies with alpha 1
  options.sites = "attention";
  options.matrix_flops_ratios = {};
  const SweepOutcome outcome = run("a");
  std::set<std::string> fits;
  std::size_t cells = 0;
  for (const Record& record : outcome.records)
    if (record.measured.refitted) fits.insert(fit_of(record)), ++cells;
  EXPECT_EQ(cells, 2u * 4);
  EXPECT_EQ(outcome.summary["refits"], fits.size());
  EXPECT_LT(fits.size(), cells);
  // The dry run counts cells exactly, and refits as random scores would give them.
  const std::vector<RunEstimate> estimates = estimate_sweep(request.config);
  EXPECT_EQ(estimates[0].cells, static_cast<std::int64_t>(outcome.records.size()));
  EXPECT_GT(estimates[0].refits, 0);
  EXPECT_LE(estimates[0].refits, static_cast<std::int64_t>(cells));
}

TEST_F(RefitSweep, EndsWithTheSameBytesWhereverItWasStopped) {
  run("whole");
  const std::string whole = records("whole");
  const std::size_t first_refit = whole.find("\"refit\":\"all\"");
  for (const std::size_t cut : {whole.size() / 3, first_refit, (first_refit + whole.size()) / 2, whole.size() - 5}) {
    std::filesystem::remove_all(folder / "again");
    std::filesystem::copy(folder / "whole", folder / "again", std::filesystem::copy_options::recursive);
    folder.write("again/records.jsonl", whole.substr(0, cut));
    run("again");
    EXPECT_TRUE(records("again") == whole) << cut;
  }
}

TEST_F(RefitSweep, StopsBetweenRefits) {
  struct StopAfterTwoRefits : Progress {
    void advanced(std::int64_t) override {
      if (refits && ++calls == 2) cancelled() = true;
    }
    void begin(std::string_view stage, std::int64_t, std::string_view) override { refits = stage.ends_with(" refit"); }
    bool refits = false;
    int calls = 0;
  } stop;
  request.output = folder / "a";
  EXPECT_THROW(run_sweep(request, stop), Error);
  Progress::cancelled() = false;
  std::set<std::string> fits;
  for (const Record& record : evidence::read_records(folder / "a/records.jsonl"))
    if (record.measured.refitted) fits.insert(fit_of(record));
  EXPECT_EQ(fits.size(), 2u);
  run("a");
  run("b");
  EXPECT_TRUE(records("a") == records("b"));
}

TEST_F(RefitSweep, BudgetsThatHeadsCannotMeetAreLeftOut) {
  SweepOptions& options = request.config.options;
  options.methods = {"fisher"};
  options.ratios = {};
  options.matrix_flops_ratios = {0.1, 0.9};
  options.refit = {"none"};
  request.output = folder / "a";
  Warnings warnings;
  const SweepOutcome outcome = run_sweep(request, warnings);
  EXPECT_NE(warnings.all.find("units of sites attention alone cannot meet `matrix_flops_ratios` 0.9"), std::string::npos)
      << warnings.all;
  EXPECT_EQ(outcome.records.size(), 1u + 2 * (3 + 1));  // 0.9 is for both sites alone
  options.sites = "attention";
  EXPECT_NE(std::string(error_of("b").what()).find("`matrix_flops_ratio` is 0.9"), std::string::npos);
}

TEST_F(RefitSweep, WhatCannotBeIsOneLine) {
  SweepOptions& options = request.config.options;
  const auto refused = [&](const std::string& part) {
    const Error error = error_of("bad");
    EXPECT_EQ(error.kind(), ErrorKind::bad_input);
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
  };
  options.refit_options.refit_examples = 100;
  refused("a refit needs 2 rows that are scored, 100 to fit with and 2 held out, but");
  options.refit_options.refit_examples = 3;
  options.methods = {"fisher", "hies"};
  options.sites = "ffn";
  refused("`methods` hies has no cell in this grid: method hies has no value for a neuron");
  options.methods = {"his"};
  options.sites = "attention,ffn";
  options.ratios = {};
  refused("scores of his do not compare heads with neurons");
  options.methods = {"his/uniform"};
  options.sites = "ffn";
  refused("only `ratios` give");
  options.methods = {"fisher"};
  options.sites = "attention/attentoin";
  refused("attentoin");
  options.sites = "attention,ffn/ffn,attention";
  refused("attention,ffn is there twice");
  options.sites = "attention";
  options.refit = {"some"};
  refused("unknown `refit` 'some'");
  options.refit = {"all", "all"};
  refused("all is there twice");
  options.refit = {"all"};
  options.matrix_flops_ratios = {1.5};
  refused("1.5");
}

TEST_F(RefitSweep, OldSweepFilesAreConfigs) {
  SweepConfig config;
  read_config(
      parse_json(R"({"methods": "fisher", "matrix_flops_ratios": "0.1:0.5:0.2", "sites": "ffn", "refit": "none,all"})", "x"), "x",
      config);
  EXPECT_TRUE(config.options.ratios.empty());
  EXPECT_EQ(config.options.refit, (std::vector<std::string>{"none", "all"}));
  config = {};
  read_config(parse_json(R"({"ratios": [0.3]})", "x"), "x", config);
  EXPECT_EQ(config.options.sites, "attention");
  EXPECT_EQ(config.options.refit, std::vector<std::string>{"none"});
  EXPECT_EQ(config.options.ratios, std::vector<double>{0.3});
}

}  // namespace
}  // namespace hies::sweep
