// Whole jobs, from files to results, on a tiny model.

#include <gtest/gtest.h>

#include <fstream>

#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/base/test_files.h"
#include "hies/data/test_small_task.h"
#include "hies/pipeline/eval_run.h"
#include "hies/pipeline/plan_run.h"
#include "hies/pipeline/prune_run.h"

namespace hies::pipeline {
namespace {

class Jobs : public testing::Test {
 protected:
  Jobs() {
    score.load.order = "file";
    prune.method.method = "his";
    prune.budget.ratio = 0.5;
    prune.command = "hies prune tiny --ratio 0.5";
    eval.eval.latency.latency_seconds = prune.eval.latency.latency_seconds = 0;
  }

  prune::Plan plan_of(double ratio) {
    prune::BudgetOptions budget;
    budget.ratio = ratio;
    return run_plan(run_score(score).scores, {}, budget);
  }
  static Error error_of(const PruneRequest& request) {
    try {
      run_prune(request);
    } catch (const Error& error) {
      return error;
    }
    ADD_FAILURE() << "nothing was thrown";
    return Error(ErrorKind::internal, "");
  }
  // Nothing but the inputs, neither the output nor what was begun of it.
  void expect_nothing_written() const {
    for (const auto& entry : std::filesystem::directory_iterator(folder / "."))
      EXPECT_TRUE(entry.path() == folder / "./a.tsv" || entry.path() == folder / "./plan.json") << entry.path();
  }

  TestFolder folder;
  std::filesystem::path data = folder.write("a.tsv", data::SmallTask::tsv());
  ScoreRequest score{.model = data::SmallTask::model(), .task = "classification", .calibration = data};
  EvalRequest eval{.model = data::SmallTask::model(), .task = "classification", .data = data};
  PruneRequest prune{.model = data::SmallTask::model(), .output = folder / "out", .task = "classification", .calibration = data};
};

TEST_F(Jobs, ScoresKnowHowTheyWereMade) {
  const score::Scores scores = run_score(score).scores;
  EXPECT_EQ(scores.options["task"], "classification");
  EXPECT_EQ(scores.options["loss"], "ce");
  EXPECT_EQ(scores.options["order"], "file");
  EXPECT_EQ(scores.options["examples"], 8);  // 32 were asked for, 8 are there
  EXPECT_EQ(scores.options["max_length"], 32);
  EXPECT_EQ(scores.options["dtype"], "float32");
}

TEST_F(Jobs, PlansKnowTheirMethodAndScores) {
  const prune::Plan plan = plan_of(0.25);
  EXPECT_EQ(plan.removed_count(), 3);
  EXPECT_EQ(plan.information["method"]["alpha"], 0.7);
  EXPECT_EQ(plan.information["scores"]["options"]["loss"], "ce");
}

TEST_F(Jobs, EvaluationAgreesWithTheLogits) {
  const EvalRun run = run_eval(eval);
  const eval::Result& result = run.evaluation.result;
  const eval::Predictions& predictions = run.evaluation.predictions;
  double right = 0, loss = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    const double* logits = &predictions.logits[3 * i];
    right += std::max_element(logits, logits + 3) - logits == static_cast<int>(run.dataset.examples[i].label);
    double sum = 0;
    for (int v = 0; v < 3; ++v) sum += std::exp(logits[v]);
    loss += std::log(sum) - logits[static_cast<int>(run.dataset.examples[i].label)];
  }
  EXPECT_EQ(result.model.metrics.front(), (std::pair<std::string, double>{"accuracy", right / 8}));
  EXPECT_NEAR(*result.model.loss, loss / 8, 1e-5);
  EXPECT_FALSE(result.reference || result.stability || result.speedup || result.model.speed);
  EXPECT_EQ(result.data_hash, run.dataset.hash);
  EXPECT_EQ(result.options["dtype"], "float32");
  EXPECT_EQ(run.labels, (std::vector<std::string>{"bad", "fair", "good"}));
}

TEST_F(Jobs, APlanIsComparedWithTheWholeModel) {
  const prune::Plan plan = plan_of(0.5);
  prune::write_plan(folder / "plan.json", plan, false);
  eval.plan = folder / "plan.json";
  eval.eval.latency.latency_seconds = 0.02;
  const EvalRun run = run_eval(eval);
  const eval::Result& result = run.evaluation.result;
  ASSERT_TRUE(result.reference);
  EXPECT_EQ(result.model.heads, 6);
  EXPECT_EQ(result.reference->heads, 12);
  EXPECT_LT(result.model.cost.parameters, result.reference->cost.parameters);
  EXPECT_LT(result.model.cost.flops_per_example, result.reference->cost.flops_per_example);
  EXPECT_EQ(result.model.cost.bytes, result.reference->cost.bytes);  // masked, still on disk
  double same = 0;
  for (std::size_t i = 0; i < 8; ++i) same += run.evaluation.predictions.answers[i] == run.evaluation.reference->answers[i];
  EXPECT_EQ(*result.stability, same / 8);
  ASSERT_TRUE(result.speedup && result.model.speed && result.reference->speed);
  EXPECT_GE(result.speedup->latency.count, 3);
  EXPECT_GT(result.speedup->latency.least, 0);
  EXPECT_EQ(result.options["plan"], (folder / "plan.json").string());
  EXPECT_NO_THROW(eval::result_from_json(eval::to_json(result), "result"));
}

TEST_F(Jobs, AModelIsItsOwnReference) {
  eval.reference = eval.model;
  const EvalRun run = run_eval(eval);
  EXPECT_EQ(run.evaluation.result.stability, 1);
  EXPECT_EQ(run.evaluation.reference->logits, run.evaluation.predictions.logits);
}

TEST_F(Jobs, AReferenceOfAnotherKindIsRefused) {
  eval.reference = HIES_SOURCE_DIR "/tests/golden/bert-legacy/model";  // two labels
  std::filesystem::path other = folder.folder("other");
  std::filesystem::copy(*eval.reference, other, std::filesystem::copy_options::recursive);
  std::filesystem::copy(data::SmallTask::model() / "vocab.txt", other / "vocab.txt",
                        std::filesystem::copy_options::skip_existing);
  eval.reference = other;
  eval.task = "classification";
  folder.write("a.tsv", "text\nA film\n");  // without labels, so that both can read it
  try {
    run_eval(eval);
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("2 labels"), std::string::npos) << error.what();
  }
}

TEST_F(Jobs, WithoutLabelsOnlyStabilityAndCostAreTold) {
  folder.write("a.tsv", "text\nA film\nThe movie!\n");
  eval.reference = eval.model;
  const eval::Result result = run_eval(eval).evaluation.result;
  EXPECT_TRUE(result.model.metrics.empty());
  EXPECT_FALSE(result.model.loss);
  EXPECT_EQ(result.stability, 1);
  folder.write("a.tsv", "text\tlabel\nA film\tterrible\n");
  EXPECT_THROW(run_eval(eval), Error);  // labels that are there are read
}

TEST_F(Jobs, PruneInOneGo) {
  prune.evaluation = data;
  prune.eval.latency.latency_seconds = 0.02;
  const PruneRun run = run_prune(prune);
  EXPECT_EQ(run.before.count(model::SiteKind::attention), 12);
  EXPECT_EQ(run.after.count(model::SiteKind::attention), 6);
  EXPECT_EQ(run.plan.removed_count(), 6);
  ASSERT_TRUE(run.scores);
  EXPECT_TRUE(run.scores->tables.contains("his"));
  EXPECT_EQ(run.scores->tables.size(), 1u);  // what the method needs

  const auto checkpoint = arch::Checkpoint::open(prune.output);
  EXPECT_EQ(checkpoint.spec().layout, run.after);
  ASSERT_TRUE(run.match);
  EXPECT_EQ(run.match->examples, 8);
  EXPECT_LE(run.match->largest_difference, 1e-5 * run.match->largest_logit);
  EXPECT_EQ(run.match->different_answers, 0);

  ASSERT_TRUE(run.evaluation);
  const eval::Result& result = run.evaluation->result;
  EXPECT_EQ(result.model.hash, checkpoint.hash());
  EXPECT_EQ(result.model.path, prune.output.string());
  EXPECT_LT(result.model.cost.bytes, result.reference->cost.bytes);
  EXPECT_TRUE(result.stability && result.speedup);
}

TEST_F(Jobs, TheOutputTellsHowItWasMade) {
  prune.evaluation = data;
  const PruneRun run = run_prune(prune);
  const std::string readme = read_file(prune.output / "README.md");
  EXPECT_NE(readme.find("```sh\nhies prune tiny --ratio 0.5\n```"), std::string::npos) << readme;
  EXPECT_NE(readme.find("| heads | 12 | 6 |"), std::string::npos) << readme;
  EXPECT_NE(readme.find(fmt::format("| accuracy | {:.4f} | {:.4f} |", run.evaluation->result.reference->metrics[0].second,
                                    run.evaluation->result.model.metrics[0].second)),
            std::string::npos)
      << readme;
  for (const auto& [site, heads] : run.plan.removed)
    EXPECT_NE(readme.find(fmt::format("* layer {}: {}", site.layer, heads[0])), std::string::npos);
}

TEST_F(Jobs, PruneWithoutEvaluationIsCheckedOnTheCalibrationData) {
  const PruneRun run = run_prune(prune);
  EXPECT_FALSE(run.evaluation);
  ASSERT_TRUE(run.match);
  EXPECT_EQ(run.match->examples, 8);
  EXPECT_LE(run.match->largest_difference, 1e-5 * run.match->largest_logit);
}

TEST_F(Jobs, PruneByPlan) {
  const prune::Plan plan = plan_of(0.25);
  prune::write_plan(folder / "plan.json", plan, false);
  prune.plan = folder / "plan.json";
  EXPECT_EQ(error_of(prune).kind(), ErrorKind::bad_input);  // calibration data too
  prune.calibration.reset();
  prune.task.clear();
  const PruneRun run = run_prune(prune);
  EXPECT_EQ(run.plan.removed, plan.removed);
  EXPECT_FALSE(run.scores || run.evaluation || run.match);
  EXPECT_EQ(arch::Checkpoint::open(prune.output).spec().layout.count(model::SiteKind::attention), 9);
}

// All that made the model's numbers is named: scores, the plan made of them, and the pruned checkpoint.
TEST_F(Jobs, ThreeHashesAreStored) {
  const PruneRun run = run_prune(prune);
  const model::ModelHashes& hashes = run.scores->model_info.hashes;
  EXPECT_EQ(hashes.weights.size(), 32u);
  ASSERT_TRUE(hashes.config && hashes.inputs);
  EXPECT_EQ(hashes.config->size(), 32u);
  EXPECT_EQ(hashes.inputs->size(), 32u);
  EXPECT_EQ(run.plan.model, hashes);
  const Json block = read_json(prune.output / "config.json")["hies"];
  EXPECT_EQ(block["source"], (Json{{"weights", hashes.weights}, {"config", *hashes.config}, {"inputs", *hashes.inputs}}));
}

TEST_F(Jobs, APlanForAnotherTokenizerIsRefused) {
  prune::Plan plan = plan_of(0.25);
  prune::write_plan(folder / "plan.json", plan, false);
  eval.plan = folder / "plan.json";
  EXPECT_NO_THROW(run_eval(eval));
  const std::filesystem::path other = folder.folder("other");
  std::filesystem::copy(data::SmallTask::model(), other, std::filesystem::copy_options::recursive);
  std::ofstream(other / "vocab.txt", std::ios::app) << "another\n";
  eval.model = other;
  const Error refused = hies::error_of([&] { run_eval(eval); });
  EXPECT_EQ(refused.kind(), ErrorKind::bad_input);
  EXPECT_NE(std::string(refused.what()).find("the tokenizer or image processor differs"), std::string::npos) << refused.what();
  // Version 1 of plans says nothing of tokenizers.
  plan.model.inputs.reset();
  prune::write_plan(folder / "plan.json", plan, true);
  EXPECT_NO_THROW(run_eval(eval));  // no text has the word that was added
}

TEST_F(Jobs, KeptShapesAnswerAlike) {
  prune.evaluation = data;
  prune.surgery.keep_shapes = true;
  const PruneRun run = run_prune(prune);
  EXPECT_LE(run.match->largest_difference, 1e-5 * run.match->largest_logit);
  EXPECT_EQ(run.evaluation->result.model.cost.parameters, run.evaluation->result.reference->cost.parameters);
}

TEST_F(Jobs, RandomHeadsNeedNoScores) {
  prune.method.method = "random";
  EXPECT_EQ(run_prune(prune).plan.removed_count(), 6);
}

TEST_F(Jobs, RefusedPruningWritesNothing) {
  const PruneRequest good = prune;
  prune.calibration.reset();
  EXPECT_NE(error_of(prune).hint().find("`plan`"), std::string::npos);
  prune = good;
  prune.budget.ratio = 1.5;
  EXPECT_EQ(error_of(prune).kind(), ErrorKind::bad_input);
  prune = good;
  prune.evaluation = folder / "missing.tsv";
  EXPECT_EQ(error_of(prune).kind(), ErrorKind::io);
  prune = good;
  prune.method.method = "hiss";
  EXPECT_EQ(error_of(prune).kind(), ErrorKind::bad_input);
  prune = good;
  prune.execution.dtype = "float8";
  EXPECT_EQ(error_of(prune).kind(), ErrorKind::bad_input);
  expect_nothing_written();
}

TEST_F(Jobs, AnOutputThatExistsIsKeptUnlessForced) {
  run_prune(prune);
  const std::string before = read_file(prune.output / "config.json");
  prune.budget.ratio = 0.25;
  EXPECT_EQ(error_of(prune).kind(), ErrorKind::bad_input);
  EXPECT_EQ(read_file(prune.output / "config.json"), before);
  prune.force = true;
  run_prune(prune);
  EXPECT_NE(read_file(prune.output / "config.json"), before);
}

TEST_F(Jobs, APrunedModelIsPrunedFurther) {
  run_prune(prune);
  PruneRequest again = prune;
  again.model = prune.output;
  again.output = folder / "smaller";
  again.evaluation = data;
  const PruneRun run = run_prune(again);
  EXPECT_EQ(run.before.count(model::SiteKind::attention), 6);
  EXPECT_EQ(run.after.count(model::SiteKind::attention), 3);
  EXPECT_LE(run.match->largest_difference, 1e-5 * run.match->largest_logit);
}

}  // namespace
}  // namespace hies::pipeline
