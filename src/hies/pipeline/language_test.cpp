// Whole jobs of language models, from files to results, on a tiny LLaMA with a tokenizer of whole words.

#include <gtest/gtest.h>

#include <cmath>

#include "hies/base/error.h"
#include "hies/pipeline/plan_run.h"
#include "hies/pipeline/test_language.h"

namespace hies::pipeline {
namespace {

TEST_F(LanguageJobs, PerplexityIsTheExponentialOfTheLoss) {
  const EvalRun run = run_eval(request("perplexity", text));
  const eval::Measurements& measurements = run.evaluation.result.model;
  double sum = 0;
  std::int64_t tokens = 0;
  for (std::size_t i = 0; i < run.dataset.examples.size(); ++i) {
    sum += run.evaluation.predictions.losses[i] * static_cast<double>(run.dataset.examples[i].targets);
    tokens += run.dataset.examples[i].targets;
  }
  EXPECT_EQ(tokens, 16);
  EXPECT_NEAR(measurements.metrics[0].second, std::exp(sum / 16), 1e-9);
  EXPECT_EQ(run.evaluation.result.options["context"], 5);
  EXPECT_EQ(run.evaluation.result.options["loss"], "ce");
}

TEST_F(LanguageJobs, APlanIsJudgedBesideTheWholeModel) {
  for (const auto& [task, data] : {std::pair("perplexity", text), std::pair("multiple-choice", questions)}) {
    prune::BudgetOptions budget;
    budget.ratio = 0.5;
    prune::write_plan(folder / "plan.json", run_plan(scores(task, data), {}, budget), true);
    EvalRequest asked = request(task, data);
    asked.plan = folder / "plan.json";
    const eval::Result result = run_eval(asked).evaluation.result;
    ASSERT_TRUE(result.reference && result.stability);
    EXPECT_LT(result.model.heads, result.reference->heads);
    EXPECT_NE(result.model.loss, result.reference->loss);
    EXPECT_LE(*result.stability, 1);
  }
}

// Scoring a question is scoring the text of its right answer, of which only the answer is judged.
TEST_F(LanguageJobs, QuestionsScoreHeadsWithTheRightChoice) {
  const score::Scores of_questions = scores("multiple-choice", questions);
  EXPECT_EQ(of_questions.calibration.tokens, 5 + 3 + 5 + 2);
  EXPECT_EQ(of_questions.options["loss"], "ce");
  const EvalRun run = run_eval(request("multiple-choice", questions));
  double sum = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const data::Example& example = run.dataset.examples[i];
    const auto right = static_cast<std::size_t>(example.label);
    sum -= run.evaluation.predictions.likelihoods(i)[right] / static_cast<double>(example.choices[right].targets);
  }
  EXPECT_NEAR(*of_questions.calibration.mean_loss, sum / 4, 1e-9);
  EXPECT_NEAR(*run.evaluation.result.model.loss, sum / 4, 1e-9);
}

TEST_F(LanguageJobs, QuestionsWithoutAnswersAreAnsweredButDoNotScore) {
  const auto bare = folder.write("bare.jsonl", R"({"query":"a b c","choices":["d","c d"]})");
  const EvalRun run = run_eval(request("multiple-choice", bare));
  EXPECT_TRUE(run.evaluation.result.model.metrics.empty());
  EXPECT_FALSE(run.evaluation.result.model.loss);
  EXPECT_THROW(scores("multiple-choice", bare), Error);
}

TEST_F(LanguageJobs, OptionsOfOtherTasksAreRefused) {
  const auto refused = [&](const EvalRequest& asked, std::string_view wanted) {
    try {
      run_eval(asked);
      ADD_FAILURE() << "nothing was thrown: " << wanted;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::bad_input);
      EXPECT_NE(std::string(error.what()).find(wanted), std::string::npos) << error.what();
    }
  };
  EvalRequest long_context = request("perplexity", text);
  long_context.load.context = 49;
  refused(long_context, "the model has positions for 48 tokens");
  refused(request("sst2", text), "task 'sst2' is a classification task, but the model is a causal-lm model");
  EvalRequest loss = request("perplexity", text);
  loss.loss = "mse";
  refused(loss, "loss 'mse' needs a model that predicts a number");
}

}  // namespace
}  // namespace hies::pipeline
