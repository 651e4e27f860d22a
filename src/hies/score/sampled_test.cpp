// The loss of answers that a model draws from its own probabilities.

#include <gtest/gtest.h>

#include <cmath>

#include "hies/score/scorer.h"
#include "hies/score/scores.h"
#include "hies/score/test_causal_golden.h"

namespace hies::score {
namespace {

model::ModelSpec predicting(model::Problem problem, std::size_t labels) {
  model::ModelSpec spec;
  spec.problem = problem;
  spec.labels.resize(labels);
  return spec;
}

std::vector<double> gradient_of(const model::ModelSpec& spec, const std::vector<double>& logits, std::int64_t example,
                                std::int64_t draw) {
  std::vector<double> loss(1), gradient(logits.size());
  make_objective("sampled", spec, {}, {5, draw})->evaluate({logits, {&example, 1}, std::ssize(logits)}, loss, gradient);
  return gradient;
}

TEST(Sampled, ClassesAreDrawnAsOftenAsTheyAreLikely) {
  const std::vector<double> logits = {0, std::log(2), std::log(5)};
  std::vector<double> counts(3);
  constexpr int kDraws = 8000;
  for (int draw = 0; draw < kDraws; ++draw) {
    const std::vector<double> gradient = gradient_of(predicting(model::Problem::classification, 3), logits, draw % 7, draw);
    EXPECT_NEAR(gradient[0] + gradient[1] + gradient[2], 0, 1e-15);
    for (std::size_t j = 0; j < 3; ++j) counts[j] += gradient[j] < 0 ? 1.0 / kDraws : 0;
  }
  EXPECT_NEAR(counts[0], 0.125, 0.02);
  EXPECT_NEAR(counts[1], 0.25, 0.02);
  EXPECT_NEAR(counts[2], 0.625, 0.02);
}

TEST(Sampled, NumbersDifferByAStandardNormal) {
  double sum = 0, squares = 0, fourth = 0;
  constexpr int kDraws = 8000;
  for (int draw = 0; draw < kDraws; ++draw) {
    const double gradient = gradient_of(predicting(model::Problem::regression, 1), {3}, 0, draw)[0];
    sum += gradient / kDraws, squares += gradient * gradient / kDraws, fourth += std::pow(gradient, 4) / kDraws;
  }
  EXPECT_NEAR(sum, 0, 0.05);
  EXPECT_NEAR(squares, 1, 0.06);
  EXPECT_NEAR(fourth, 3, 0.4);
}

// The expected gradient of a loss of a distribution's own samples is zero; with any other distribution it is not.
void expect_zero_mean(const std::vector<double>& sums, const std::vector<double>& squares, int draws) {
  for (std::size_t i = 0; i < sums.size(); ++i)
    EXPECT_LE(std::abs(sums[i] / draws), 4.5 * std::sqrt(squares[i] / draws / draws)) << i;
}

TEST(Sampled, TokensAreDrawnFromTheModelsOwnProbabilities) {
  const CausalGolden golden("llama-gqa");
  const engine::Model model = golden.load(engine::ComputeType::float64);
  const model::Batch batch = golden.batch(0, 2);
  std::vector<double> sums, squares, first;
  constexpr int kDraws = 300;
  for (int draw = 0; draw < kDraws; ++draw) {
    model::Recorder recorder = full_recorder();
    model.run(batch, {nullptr, make_objective("sampled", model.spec(), {}, {1, draw}).get(), &recorder});
    std::vector<double> inner;
    for (const auto& layer : recorder.layers) inner.insert(inner.end(), layer.inner.begin(), layer.inner.end());
    sums.resize(inner.size()), squares.resize(inner.size());
    for (std::size_t i = 0; i < inner.size(); ++i) sums[i] += inner[i], squares[i] += inner[i] * inner[i];
    if (draw == 0) first = inner;
  }
  expect_zero_mean(sums, squares, kDraws);
  EXPECT_FALSE(std::all_of(first.begin(), first.end(), [](double value) { return std::abs(value) < 1e-12; }));
}

TEST(Sampled, TokensDoNotDependOnTheCompany) {
  const CausalGolden golden("llama-gqa");
  const engine::Model model = golden.load(engine::ComputeType::float64);
  const auto objective = make_objective("sampled", model.spec(), {}, {1, 0});
  const std::vector<double> together = model.run(golden.batch(), {nullptr, objective.get(), nullptr}).losses;
  for (std::size_t x = 0; x < golden.examples.size(); ++x)
    EXPECT_NEAR(model.run(golden.batch(x, 1), {nullptr, objective.get(), nullptr}).losses[0], together[x], 1e-9) << x;
  const auto other = make_objective("sampled", model.spec(), {}, {2, 0});
  EXPECT_NE(model.run(golden.batch(), {nullptr, other.get(), nullptr}).losses, together);
}

// Gradients are squared for each draw, then averaged.
TEST(Sampled, DrawsAreAveragedAfterSquaring) {
  const Golden golden(HIES_SOURCE_DIR "/tests/golden/bert-tiny");
  const engine::Model model = golden.load(engine::ComputeType::float64);
  ScoreOptions options;
  options.loss = "sampled";
  options.tables = {"fisher", "his"};
  options.sites = "attention,ffn";
  options.draws = 3;
  const Scores three = score_heads(model, golden.dataset, options);
  model::UnitTable<double> mean;
  for (std::int64_t draw = 0; draw < 3; ++draw) {
    const auto objective = make_objective("sampled", model.spec(), {}, {0, draw});
    ExampleStatistics statistics(model.spec().layout, golden.dataset.size(), full_recorder(), true);
    for (std::int64_t x = 0; x < golden.dataset.size(); ++x) {
      model::Batch batch;
      data::add(batch, x, golden.dataset.examples[static_cast<std::size_t>(x)]);
      model::Recorder recorder = full_recorder();
      const model::RunResult result = model.run(batch, {nullptr, objective.get(), &recorder});
      statistics.add(model.spec().layout, batch, result, recorder);
    }
    for (const model::Site site : model.spec().layout.sites(model::SiteKind::attention)) {
      const auto& inner = statistics.layer(site.layer).inner;
      std::vector<double>& row = mean[site];
      row.resize(static_cast<std::size_t>(model.spec().layout.at(site).count()));
      for (std::size_t i = 0; i < inner.size(); ++i)
        row[i % row.size()] += inner[i] * inner[i] / static_cast<double>(3 * golden.dataset.size());
    }
  }
  for (const auto& [site, row] : mean)
    for (std::size_t head = 0; head < row.size(); ++head)
      EXPECT_NEAR(three.table("fisher").at(site)[head], row[head], 1e-12 * (1 + row[head]));
  EXPECT_EQ(three.options["draws"], 3);
  EXPECT_EQ(three.calibration.examples, golden.dataset.size());
  options.draw_seed = 1;
  EXPECT_NE(score_heads(model, golden.dataset, options).table("fisher"), three.table("fisher"));
}

TEST(Sampled, GroupsOfExamplesAreRefused) {
  ScoreOptions options;
  options.loss = "sampled";
  options.granularity = "batch";
  EXPECT_THROW(check_options(options), Error);
  options.granularity = "token";
  EXPECT_NO_THROW(check_options(options));
  options.draws = 0;
  EXPECT_THROW(check_options(options), Error);
}

}  // namespace
}  // namespace hies::score
