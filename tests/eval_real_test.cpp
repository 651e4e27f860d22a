// Trained checkpoints on the development sets they are known by: whole evaluations, from text to metric.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "hies/base/json.h"
#include "hies/pipeline/eval_run.h"
#include "hies/pipeline/prune_run.h"

namespace hies::pipeline {
namespace {

// As ../shared/models/README.md prints it, to these digits.
struct Known {
  const char* model;
  const char* task;
  const char* data;  // in ../shared/data/glue
  std::vector<std::pair<std::string, double>> printed;
  double digit;  // worth of the last printed digit
};

class RealModel : public testing::TestWithParam<Known> {
 protected:
  void SetUp() override {
    for (const auto& needed : {folder, file})
      if (!std::filesystem::exists(needed)) GTEST_SKIP() << needed << " is not there";
  }
  const std::filesystem::path shared = HIES_SHARED_DIR;
  const std::filesystem::path folder = shared / "models" / GetParam().model;
  const std::filesystem::path file = shared / "data/glue" / GetParam().data / "dev.tsv";
};

TEST_P(RealModel, DevelopmentSetMetrics) {
  EvalRequest request{.model = folder, .task = GetParam().task, .data = file};
  request.eval.latency.latency_seconds = 0;
  const eval::Result result = run_eval(request).evaluation.result;
  const Json golden = read_json(HIES_SOURCE_DIR "/tests/golden/real/" + std::string(GetParam().model) + ".json")["dev"];
  EXPECT_EQ(result.examples, golden["examples"].get<std::int64_t>());
  const auto metric = [&](const std::string& name) {
    for (const auto& [known, value] : result.model.metrics)
      if (known == name) return value;
    ADD_FAILURE() << "no metric " << name;
    return 0.0;
  };
  for (const auto& [name, printed] : GetParam().printed)
    EXPECT_EQ(std::round(metric(name) / GetParam().digit), std::round(printed / GetParam().digit)) << name << " " << metric(name);
  // Hugging Face's, in float64: counts of right answers are equal, correlations up to rounding.
  for (const auto& [name, value] : golden.items())
    if (name != "examples") {
      EXPECT_NEAR(metric(name), value.get<double>(), 1e-5) << name;
      RecordProperty(name, fmt::format("{:.6f}", metric(name)));
    }
  EXPECT_EQ(result.model.metrics.front().first, data::task(GetParam().task).primary_metric());
}

INSTANTIATE_TEST_SUITE_P(All, RealModel,
                         testing::Values(Known{"demo-sst2", "sst2", "SST-2", {{"accuracy", 0.846}}, 1e-3},
                                         Known{"minilm-sst2", "sst2", "SST-2", {{"accuracy", 0.898}}, 1e-3},
                                         Known{"minilm-cola", "cola", "CoLA", {{"matthews", 0.296}}, 1e-3},
                                         Known{"minilm-mrpc", "mrpc", "MRPC", {{"f1", 0.861}, {"accuracy", 0.794}}, 1e-3},
                                         Known{"minilm-stsb", "stsb", "STS-B", {{"pearson", 0.859}}, 1e-3}),
                         [](const auto& info) {
                           std::string name = info.param.model;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

class RealPruning : public RealModel {
 protected:
  ~RealPruning() override { std::filesystem::remove_all(scratch); }
  // Header and first rows of the development set: enough to compare logits, and quick.
  std::filesystem::path some_rows() const {
    std::filesystem::create_directories(scratch);
    std::ifstream all(file);
    std::ofstream some(scratch / "dev.tsv");
    std::string line;
    for (int i = 0; i <= 200 && std::getline(all, line); ++i) some << line << '\n';
    return scratch / "dev.tsv";
  }

  const std::filesystem::path scratch =
      std::filesystem::path(testing::TempDir()) / fmt::format("hies-real-pruning-{}-{}", GetParam().model, ::getpid());
};

// The whole job on a trained checkpoint: what is written answers as what was masked.
TEST_P(RealPruning, TheSmallerCheckpointAnswersAsTheMaskedModel) {
  PruneRequest request;
  request.model = folder;
  request.output = scratch / "pruned";
  request.task = GetParam().task;
  request.calibration = shared / "data/glue" / GetParam().data / "train.tsv";
  request.evaluation = some_rows();
  request.budget.ratio = 0.3;
  request.eval.latency.latency_seconds = 0;
  const PruneRun run = run_prune(request);
  EXPECT_EQ(run.plan.removed.count(), 22);  // of 72
  ASSERT_TRUE(run.match && run.evaluation);
  EXPECT_LE(run.match->largest_difference, 1e-5 * run.match->largest_logit);
  const eval::Result& result = run.evaluation->result;
  EXPECT_LT(result.model.cost.bytes, result.reference->cost.bytes);
  EXPECT_LT(result.model.cost.flops_per_example, result.reference->cost.flops_per_example);
  RecordProperty("pruned",
                 fmt::format("{} {:.4f} -> {:.4f}, stability {:.4f}, logits differ by {:.1e} of {:.2f}",
                             result.model.metrics[0].first, result.reference->metrics[0].second, result.model.metrics[0].second,
                             *result.stability, run.match->largest_difference, run.match->largest_logit));
}

INSTANTIATE_TEST_SUITE_P(Some, RealPruning,
                         testing::Values(Known{"demo-sst2", "sst2", "SST-2", {}, 1},
                                         Known{"minilm-stsb", "stsb", "STS-B", {}, 1}),
                         [](const auto& info) {
                           std::string name = info.param.model;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace hies::pipeline
