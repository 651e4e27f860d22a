// Scores against what Hugging Face computes, and what must hold of them in any case.

#include <gtest/gtest.h>

#include "hies/base/error.h"
#include "hies/base/rng.h"
#include "hies/data/packing.h"
#include "hies/score/golden_test.h"
#include "hies/score/methods/method.h"
#include "hies/score/objectives/objectives.h"
#include "hies/score/scorer.h"

namespace hies::score {
namespace {

using engine::ComputeType;

constexpr double kFloat32 = 1e-5;  // of the table's largest value
constexpr double kFloat64 = 1e-10;

ScoreOptions options_for(const Golden& golden, std::vector<std::string> tables) {
  ScoreOptions options;
  options.loss = golden.task_loss();
  options.batch_examples = golden.json["batch_examples"].get<std::int64_t>();
  options.tables = std::move(tables);
  return options;
}

class EveryGolden : public testing::TestWithParam<std::string> {
 protected:
  Golden golden{HIES_SOURCE_DIR "/tests/golden/" + GetParam()};

  // Every table of every loss and granularity.
  void compare_all(ComputeType type, double tolerance) const {
    const engine::Model model = golden.load(type);
    const Scores plain = score_heads(model, golden.dataset, options_for(golden, {"ae", "l2", "l2-out"}));
    EXPECT_LE(relative_error(plain.table("ae"), golden.table("ae_mean")), tolerance);
    EXPECT_LE(relative_error(plain.table("l2"), golden.table("l2")), kFloat64);
    EXPECT_LE(relative_error(plain.table("l2-out"), golden.table("l2_out")), tolerance);
    if (golden.json.contains("ae_first_mean")) {
      ScoreOptions options = options_for(golden, {"ae"});
      options.entropy_tokens = "cls";
      EXPECT_LE(relative_error(score_heads(model, golden.dataset, options).table("ae"), golden.table("ae_first_mean")),
                tolerance);
      options.tables = {"his", "ae"};  // in a run with a backward pass
      EXPECT_LE(relative_error(score_heads(model, golden.dataset, options).table("ae"), golden.table("ae_first_mean")),
                tolerance);
    }
    for (const std::string& loss : golden.losses()) {
      for (const auto& [granularity, key] : {std::pair{"example", "his"}, {"token", "his_token"}, {"batch", "his_batch"}}) {
        ScoreOptions options = options_for(golden, {"his"});
        options.loss = loss;
        options.granularity = granularity;
        const Scores scores = score_heads(model, golden.dataset, options);
        EXPECT_LE(relative_error(scores.table("his"), golden.table(key, loss)), tolerance) << loss << ", " << granularity;
        expect_mean_loss(scores, loss, tolerance);
      }
    }
  }

  void expect_mean_loss(const Scores& scores, const std::string& loss, double tolerance) const {
    double sum = 0;
    for (const Json& value : golden.json["losses"][loss]) sum += value.get<double>();
    const double mean = sum / static_cast<double>(golden.dataset.size());
    ASSERT_TRUE(scores.calibration.mean_loss);
    EXPECT_NEAR(*scores.calibration.mean_loss, mean, tolerance * std::max(1.0, mean)) << loss;
  }
};

TEST_P(EveryGolden, Float64) { compare_all(ComputeType::float64, kFloat64); }

TEST_P(EveryGolden, Float32) { compare_all(ComputeType::float32, kFloat32); }

TEST_P(EveryGolden, Hies) {
  const Scores scores = score_heads(golden.load(ComputeType::float32), golden.dataset, options_for(golden, {"his", "ae"}));
  EXPECT_LE(relative_error(keep_scores(scores, {"hies", 0.7, "global", 0}), golden.table("hies_0.7")), kFloat32);
}

TEST_P(EveryGolden, SecondOrder) {
  const Scores scores = score_heads(golden.load(ComputeType::float64), golden.dataset, options_for(golden, {"second-order"}));
  Table inner = rows_of(model::UnitTable<double>(scores.layout, model::SiteKind::attention)), squares = inner;
  const auto examples = static_cast<double>(golden.dataset.size());
  for (std::size_t x = 0; x < golden.dataset.examples.size(); ++x) {
    const auto inner_of = golden.json["inner"][golden.task_loss()][x].get<Table>();
    const auto squares_of = golden.json["out_sq"][x].get<Table>();
    for (std::size_t layer = 0; layer < inner.size(); ++layer) {
      for (std::size_t head = 0; head < inner[layer].size(); ++head) {
        inner[layer][head] += std::abs(inner_of[layer][head]) / examples;
        squares[layer][head] += squares_of[layer][head] / examples;
      }
    }
  }
  EXPECT_LE(relative_error(scores.table("gate_grad"), inner), kFloat64);
  EXPECT_LE(relative_error(scores.table("a_sq"), squares), kFloat64);
  EXPECT_LE(relative_error(scores.table("output_norm"), golden.json["spectral"]["output_head"].get<Table>()), 1e-7);
  std::vector<double> layers;
  for (const auto& [site, value] : scores.site_values.at("output_norm")) layers.push_back(value);
  EXPECT_LE(relative_error({layers}, {golden.json["spectral"]["output"].get<std::vector<double>>()}), 1e-7);
  EXPECT_EQ(scores.constant("curvature"), golden.task_loss() == "mse" ? 2 : 0.5);
}

// n(x)·HIS_h(x) = |∂L(x)/∂gate_h|: the same number by a way that shares neither the backward pass nor the inner product.
TEST_P(EveryGolden, ImportanceIsTheGatesCentralDifference) {
  const engine::Model model = golden.load(ComputeType::float64);
  const model::Layout& layout = model.spec().layout;
  std::vector<double> labels;
  for (const data::Example& example : golden.dataset.examples) labels.push_back(example.label);
  const auto objective = make_objective(golden.task_loss(), model.spec(), labels);
  for (std::size_t x = 0; x < golden.dataset.examples.size(); ++x) {
    data::Dataset alone = golden.dataset;
    alone.examples = {golden.dataset.examples[x]};
    const double tokens = static_cast<double>(alone.token_count());
    const Table his = rows_of(score_heads(model, alone, options_for(golden, {"his"})).table("his"));
    model::Batch batch;
    data::add(batch, static_cast<std::int64_t>(x), alone.examples[0]);
    const auto loss_at = [&](std::size_t layer, std::size_t head, double gate) {
      model::Gates gates(layout, model::SiteKind::attention, 1.0);
      gates.attention(static_cast<int>(layer))[head] = gate;
      return model.run(batch, {&gates, objective.get(), nullptr}).losses[0];
    };
    Table differences = his, expected = his;
    const double step = 1e-4;
    for (std::size_t layer = 0; layer < differences.size(); ++layer) {
      for (std::size_t head = 0; head < differences[layer].size(); ++head) {
        differences[layer][head] = std::abs(loss_at(layer, head, 1 + step) - loss_at(layer, head, 1 - step)) / (2 * step);
        expected[layer][head] *= tokens;
      }
    }
    EXPECT_LE(relative_error(differences, expected), 1e-6)
        << "example " << x;  // the difference quotient's own error is about 1e-8
  }
}

TEST_P(EveryGolden, PackingDoesNotMatter) {
  for (const auto& [type, tolerance] : {std::pair{ComputeType::float64, kFloat64}, {ComputeType::float32, kFloat32}}) {
    const engine::Model model = golden.load(type);
    ScoreOptions options = options_for(golden, {"his", "ae", "l2-out", "second-order"});
    options.granularity = "batch";
    options.batch_tokens = 1 << 20;
    const Scores together = score_heads(model, golden.dataset, options);
    for (const std::int64_t batch_tokens : {1, 20, 40}) {
      options.batch_tokens = batch_tokens;
      const Scores apart = score_heads(model, golden.dataset, options);
      for (const auto& [name, table] : together.tables)
        EXPECT_LE(relative_error(apart.table(name), table), tolerance) << name << ", batch_tokens " << batch_tokens;
    }
  }
}

TEST_P(EveryGolden, OrderOfExamplesDoesNotMatter) {
  const engine::Model model = golden.load(ComputeType::float64);
  data::Dataset shuffled = golden.dataset;
  Rng rng(3);
  shuffled.examples.clear();
  for (const std::int64_t x : permutation(golden.dataset.size(), rng))
    shuffled.examples.push_back(golden.dataset.examples[static_cast<std::size_t>(x)]);
  for (const char* granularity : {"example", "token"}) {
    ScoreOptions options = options_for(golden, {"his", "ae", "l2-out"});
    options.granularity = granularity;
    const Scores one = score_heads(model, golden.dataset, options), other = score_heads(model, shuffled, options);
    for (const auto& [name, table] : one.tables) EXPECT_LE(relative_error(other.table(name), table), kFloat64) << name;
  }
}

TEST_P(EveryGolden, SameInputSameBytes) {
  const engine::Model model = golden.load(ComputeType::float32);
  const auto text = [&] {
    Scores scores = score_heads(model, golden.dataset, options_for(golden, {"his", "ae", "l2", "l2-out", "second-order"}));
    EXPECT_FALSE(scores.timings.empty());
    scores.timings.clear();
    return pretty(to_json(scores));
  };
  EXPECT_EQ(text(), text());
}

TEST_P(EveryGolden, ScoresOfAModelComeBackFromTheirFile) {
  const Scores scores =
      score_heads(golden.load(ComputeType::float32), golden.dataset, options_for(golden, {"his", "second-order"}));
  const Scores back = scores_from_json(parse_json(pretty(to_json(scores)), "s.json"), "s.json");
  EXPECT_EQ(back.layout, golden.checkpoint->spec().layout);
  EXPECT_EQ(back.tables, scores.tables);
  EXPECT_EQ(back.site_values, scores.site_values);
  EXPECT_EQ(back.constants, scores.constants);
  EXPECT_EQ(back.model_info.hashes, golden.checkpoint->hashes());
}

INSTANTIATE_TEST_SUITE_P(All, EveryGolden, testing::ValuesIn(golden_names()), [](const auto& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

class Scorer : public testing::Test {
 protected:
  Golden golden{HIES_SOURCE_DIR "/tests/golden/bert-tiny"};
  engine::Model model = golden.load(ComputeType::float32);

  Error error_of(const data::Dataset& dataset, const ScoreOptions& options) const {
    try {
      score_heads(model, dataset, options);
    } catch (const Error& error) {
      return error;
    }
    ADD_FAILURE() << "nothing was thrown";
    return Error(ErrorKind::internal, "");
  }
};

TEST_F(Scorer, ComputesOnlyWhatIsAsked) {
  const Scores weights = score_heads(model, golden.dataset, options_for(golden, {"l2"}));
  EXPECT_FALSE(weights.timings.contains("run_ms"));  // no forward pass
  EXPECT_FALSE(weights.calibration.mean_loss);
  EXPECT_EQ(weights.tables.size(), 1u);
  EXPECT_TRUE(weights.site_values.empty() && weights.constants.empty());
}

TEST_F(Scorer, LossIsTheModelsUnlessNamed) {
  ScoreOptions options = options_for(golden, {"his"});
  options.loss.clear();
  const Scores scores = score_heads(model, golden.dataset, options);
  EXPECT_EQ(scores.options["loss"], "ce");
  EXPECT_LE(relative_error(scores.table("his"), golden.table("his", "ce")), kFloat32);
}

TEST_F(Scorer, TextsWithoutLabels) {
  data::Dataset unlabelled = golden.dataset;
  unlabelled.has_labels = false;
  for (data::Example& example : unlabelled.examples) example.label = -1;
  for (const char* loss : {"pseudo-label", "logit-norm"}) {
    ScoreOptions options = options_for(golden, {"his", "ae"});
    options.loss = loss;
    EXPECT_LE(relative_error(score_heads(model, unlabelled, options).table("his"), golden.table("his", loss)), kFloat32) << loss;
  }
  EXPECT_NE(error_of(unlabelled, options_for(golden, {"his"})).hint().find("pseudo-label"), std::string::npos);
  EXPECT_FALSE(score_heads(model, unlabelled, options_for(golden, {"ae"})).calibration.mean_loss);
}

TEST_F(Scorer, RefusesWhatCannotBeScored) {
  data::Dataset empty = golden.dataset;
  empty.examples.clear();
  EXPECT_EQ(error_of(empty, options_for(golden, {"his"})).kind(), ErrorKind::bad_input);
  ScoreOptions mse = options_for(golden, {"his"});
  mse.loss = "mse";
  EXPECT_EQ(error_of(golden.dataset, mse).kind(), ErrorKind::bad_input);
}

TEST_F(Scorer, StopsWhenCancelled) {
  Progress::cancelled() = true;
  EXPECT_EQ(error_of(golden.dataset, options_for(golden, {"his"})).kind(), ErrorKind::interrupted);
  Progress::cancelled() = false;
}

}  // namespace
}  // namespace hies::score
