#include "hies/data/task.h"

#include <set>

#include "hies/data/metrics.h"
#include "hies/data/test_files.h"

namespace hies::data {
namespace {

TEST(Tasks, EveryTaskIsWholeAndItsNameIsItsOwn) {
  std::set<std::string> names;
  for (const Task& known : tasks()) {
    SCOPED_TRACE(known.name);
    EXPECT_TRUE(names.insert(known.name).second);
    EXPECT_EQ(&task(known.name), &known);
    EXPECT_FALSE(known.description.empty());
    const bool asks = known.input_kind == InputKind::questions || known.input_kind == InputKind::subjects;
    EXPECT_EQ(known.texts.empty(), asks);
    EXPECT_EQ(known.questions.empty(), !asks);
    const bool judges = known.problem != model::Problem::hidden_states;
    EXPECT_EQ(known.label_columns.empty(), known.problem == model::Problem::causal_lm || !judges);
    EXPECT_EQ(known.input_kind == InputKind::texts || known.input_kind == InputKind::images,
              known.problem != model::Problem::causal_lm);
    for (const QuestionForm& form : known.questions) {
      EXPECT_FALSE(form.columns.empty() || form.gold_columns.empty());
      EXPECT_TRUE(form.question != nullptr);
      // Right choices of any kind are looked for among "choices".
      EXPECT_TRUE(form.gold != nullptr || std::count(form.columns.begin(), form.columns.end(), "choices") == 1);
    }
    ASSERT_EQ(known.metrics.empty(), !judges);
    for (const std::string& name : known.metrics) EXPECT_NO_THROW(metric(name));
    EXPECT_EQ(known.loss, !judges ? "" : known.problem == model::Problem::regression ? "mse" : "ce");
    for (const Task::Texts& texts : known.texts) {
      EXPECT_FALSE(texts.first.empty());
      EXPECT_TRUE(known.text_count == TextCount::one_or_two || texts.second.empty() == (known.text_count == TextCount::one))
          << texts.first;
    }
  }
  EXPECT_EQ(names, (std::set<std::string>{"arc-challenge",
                                          "arc-easy",
                                          "boolq",
                                          "causal-lm",
                                          "classification",
                                          "cola",
                                          "copa",
                                          "feature-extraction",
                                          "hellaswag",
                                          "image-classification",
                                          "image-feature-extraction",
                                          "mmlu",
                                          "mnli",
                                          "mrpc",
                                          "multiple-choice",
                                          "openbookqa",
                                          "pair-classification",
                                          "perplexity",
                                          "piqa",
                                          "qnli",
                                          "qqp",
                                          "regression",
                                          "rte",
                                          "sst2",
                                          "stsb",
                                          "winogrande"}));
}

TEST(Tasks, LabelsAreInTheOrderOfGlue) {
  EXPECT_EQ(task("rte").labels, (std::vector<std::string>{"entailment", "not_entailment"}));
  EXPECT_EQ(task("mnli").labels, (std::vector<std::string>{"entailment", "neutral", "contradiction"}));
  EXPECT_EQ(task("cola").primary_metric(), "matthews");
  EXPECT_EQ(task("mrpc").primary_metric(), "f1");
  EXPECT_EQ(task("stsb").primary_metric(), "pearson");
}

TEST(Tasks, UnknownNameIsMetWithTheNearest) {
  expect_error(error_of([] { task("sst-2"); }), ErrorKind::bad_input, "did you mean 'sst2'?");
}

TEST(Tasks, ModelMustAnswerTheTask) {
  model::ModelSpec classifier, regressor, three;
  classifier.labels = {"LABEL_0", "LABEL_1"};
  three.labels = {"a", "b", "c"};
  regressor.labels = {"LABEL_0"};
  regressor.problem = model::Problem::regression;
  EXPECT_NO_THROW(check_model_fits(task("sst2"), classifier));
  EXPECT_NO_THROW(check_model_fits(task("classification"), three));
  EXPECT_NO_THROW(check_model_fits(task("stsb"), regressor));
  expect_error(error_of([&] { check_model_fits(task("stsb"), classifier); }), ErrorKind::bad_input,
               "task 'stsb' is a regression task, but the model is a classification model");
  expect_error(error_of([&] { check_model_fits(task("sst2"), regressor); }), ErrorKind::bad_input,
               "task 'sst2' is a classification task, but the model is a regression model");
  expect_error(error_of([&] { check_model_fits(task("sst2"), three); }), ErrorKind::bad_input,
               "task 'sst2' has 2 labels (negative, positive), but the model has 3 (a, b, c)");
}

TEST(Tasks, ModelWithoutATaskHeadAnswersNone) {
  model::ModelSpec bare, masked, classifier;
  bare.problem = masked.problem = model::Problem::hidden_states;
  masked.other_head = "masked language model (BertForMaskedLM)";
  classifier.labels = {"a", "b"};
  EXPECT_NO_THROW(check_model_fits(task("feature-extraction"), bare));
  EXPECT_NO_THROW(check_model_fits(task("feature-extraction"), masked));
  for (const Task& known : tasks()) {
    if (known.problem == model::Problem::hidden_states) continue;
    SCOPED_TRACE(known.name);
    expect_error(error_of([&] { check_model_fits(known, bare); }), ErrorKind::bad_input,
                 "needs a task head, but the model has none");
    expect_error(error_of([&] { check_model_fits(known, masked); }), ErrorKind::unsupported,
                 "masked language model (BertForMaskedLM)");
  }
  expect_error(error_of([&] { check_model_fits(task("feature-extraction"), classifier); }), ErrorKind::bad_input,
               "task 'feature-extraction' is");
  expect_error(error_of([&] { check_model_fits(task("image-feature-extraction"), bare); }), ErrorKind::bad_input,
               "is about images, but the model reads texts");
}

}  // namespace
}  // namespace hies::data
