// Baselines on tiny models: budgets are met, nothing asked is nothing changed, and what is fitted is what a masked model is.

#include "hies/baseline/baseline.h"

#include <gtest/gtest.h>

#include <cmath>

#include "hies/base/test_files.h"
#include "hies/data/packing.h"
#include "hies/data/test_golden.h"
#include "hies/score/scorer.h"

namespace hies::baseline {
namespace {

struct Tiny {
  explicit Tiny(const std::string& name, const std::string& sites = "attention,ffn")
      : golden(std::filesystem::path(HIES_SOURCE_DIR) / "tests/golden" / name), model(load({})) {
    score.loss = "logit-norm";
    score.tables = {"fisher", "l2", "taylor"};
    score.sites = method.sites = sites;
    scores = score::score_heads(model, golden.dataset, score);
    none.source = golden.dataset.source;
  }
  engine::ExecutionOptions execution() const {
    engine::ExecutionOptions options = engine::in_type(engine::ComputeType::float64);
    options.threads = 1;
    return options;
  }
  engine::Model load(const formats::TensorMap& overrides) const {
    return engine::Model::load(golden.checkpoint, execution(), overrides);
  }
  Work work(const std::string& name, const prune::BudgetOptions& budget) {
    method.method = find_baseline(name)->scorer;
    return {.model = model,
            .checkpoint = golden.checkpoint,
            .scores = scores,
            .method = method,
            .budget = budget,
            .score = score,
            .scored = golden.dataset,
            .fitted = golden.dataset,
            .heldout = golden.dataset,
            .execution = execution()};
  }
  std::vector<double> logits(const engine::Model& of, const model::UnitSet& removed = {}) const {
    const model::Gates gates = model::gates_without(removed, model.spec().layout);
    std::vector<double> all;
    for (const model::Batch& batch : data::pack(golden.dataset, 4096))
      for (const double logit : of.run(batch, {.gates = &gates}).logits) all.push_back(logit);
    return all;
  }
  void expect_equal(const std::vector<double>& a, const std::vector<double>& b) const {
    double greatest = 0;
    for (const double logit : b) greatest = std::max(greatest, std::abs(logit));
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-10 * greatest);
  }

  data::GoldenModel golden;
  engine::Model model;
  score::ScoreOptions score;
  score::MethodOptions method;
  score::Scores scores;
  data::Dataset none;
};

prune::BudgetOptions half() {
  prune::BudgetOptions budget;
  budget.matrix_flops_ratio = 0.5;
  return budget;
}

class Choosing : public testing::TestWithParam<std::tuple<std::string, std::string>> {};

TEST_P(Choosing, MeetsTheBudgetAndFitsWhatIsKept) {
  const auto& [name, family] = GetParam();
  Tiny tiny(family);
  const Baseline& baseline = *find_baseline(name);
  const Work work = tiny.work(name, half());
  const model::UnitSet removed = baseline.select(work, silent_progress());
  EXPECT_EQ(removed.text(), baseline.select(work, silent_progress()).text());
  const prune::Plan plan = plan_of(work, baseline, removed);
  EXPECT_EQ(plan.information["method"]["method"], name);
  const double saved = plan.information["matrix_flops_per_token"]["share"].get<double>();
  EXPECT_GE(saved, 0.5 - 1e-12);
  EXPECT_LT(saved, 0.8);
  const refit::Refit fit = baseline.fit(work, removed, silent_progress());
  EXPECT_GE(std::ssize(fit.gains), 2 * tiny.model.spec().layer_count());
  ASSERT_TRUE(fit.divergence_before && fit.divergence_after);
  EXPECT_TRUE(std::isfinite(*fit.divergence_after));
  // Removed units have zeros: with or without a mask the answers are the same.
  const engine::Model fitted = tiny.load(fit.whole);
  tiny.expect_equal(tiny.logits(fitted), tiny.logits(fitted, removed));
}

INSTANTIATE_TEST_SUITE_P(Models, Choosing,
                         testing::Combine(testing::Values("kwon", "osscar", "kprune"),
                                          testing::Values("bert-tiny", "llama-cls", "vit-tiny")));

TEST(Osscar, TakesTheSameShareOfEverySite) {
  Tiny tiny("bert-tiny");
  const model::UnitSet removed = find_baseline("osscar")->select(tiny.work("osscar", half()), silent_progress());
  for (const auto& [site, units] : tiny.model.spec().layout)
    EXPECT_EQ(std::ssize(removed.at(site)), units.count() / 2) << site.layer << model::site_kind_name(site.kind);
  prune::BudgetOptions protects = half();
  protects.protect = "0:0";
  EXPECT_EQ(error_of([&] { find_baseline("osscar")->select(tiny.work("osscar", protects), silent_progress()); }).kind(),
            ErrorKind::unsupported);
}

class Narrowing : public testing::TestWithParam<std::tuple<std::string, std::string>> {};

TEST_P(Narrowing, OfNothingChangesNothing) {
  const auto& [name, family] = GetParam();
  Tiny tiny(family, "attention");
  prune::BudgetOptions budget;
  budget.ratio = 0;
  const refit::Refit fit = find_baseline(name)->fit(tiny.work(name, budget), {}, silent_progress());
  tiny.expect_equal(tiny.logits(tiny.load(fit.whole)), tiny.logits(tiny.model));
  const eval::Lengths lengths{{10, 20}, 2};
  const auto whole = eval::cost(*tiny.golden.checkpoint, tiny.model.spec().layout, lengths);
  EXPECT_EQ(narrower_cost(*tiny.golden.checkpoint, {}, lengths).parameters, whole.parameters);
  EXPECT_NEAR(narrower_cost(*tiny.golden.checkpoint, {}, lengths).flops_per_example, whole.flops_per_example, 1e-6);
}

INSTANTIATE_TEST_SUITE_P(Models, Narrowing,
                         testing::Combine(testing::Values("llm-pruner-channel", "slicegpt"),
                                          testing::Values("bert-tiny", "llama-cls", "vit-tiny", "gpt2-cls")));

TEST(LlmPrunerChannel, OfAllChannelsLeavesNoHead) {
  for (const std::string family : {"bert-tiny", "llama-cls", "gpt2-cls"}) {
    Tiny tiny(family, "attention");
    prune::BudgetOptions budget;
    budget.ratio = 1;
    const refit::Refit fit =
        find_baseline("llm-pruner-channel")->fit(tiny.work("llm-pruner-channel", budget), {}, silent_progress());
    model::UnitSet all;
    for (const model::Site site : tiny.model.spec().layout.sites(model::SiteKind::attention))
      all.insert(site, tiny.model.spec().layout.at(site).units);
    tiny.expect_equal(tiny.logits(tiny.load(fit.whole)), tiny.logits(tiny.model, all));
  }
}

TEST(SliceGpt, OfMoreDirectionsIsFurtherAway) {
  for (const std::string family : {"bert-tiny", "llama-cls", "vit-tiny"}) {
    Tiny tiny(family, "attention");
    const std::vector<double> dense = tiny.logits(tiny.model);
    double before = 0;
    for (const double ratio : {0.1, 0.5, 0.9}) {
      prune::BudgetOptions budget;
      budget.ratio = ratio;
      const refit::Refit fit = find_baseline("slicegpt")->fit(tiny.work("slicegpt", budget), {}, silent_progress());
      const std::vector<double> sliced = tiny.logits(tiny.load(fit.whole));
      double distance = 0;
      for (std::size_t i = 0; i < dense.size(); ++i) distance += std::pow(sliced[i] - dense[i], 2);
      EXPECT_GT(distance, before) << family << " " << ratio;
      before = distance;
    }
  }
}

TEST(Baselines, AreMethodsWithAScorer) {
  for (const Baseline& baseline : baselines()) {
    EXPECT_EQ(find_baseline(baseline.name)->name, baseline.name);
    EXPECT_NO_THROW(score::find_method(baseline.scorer));
    EXPECT_EQ(baseline.removes_units, baseline.select != nullptr) << baseline.name;
    EXPECT_EQ(baseline.removes_units, baseline.narrower == nullptr) << baseline.name;
    EXPECT_FALSE(baseline.description.empty());
  }
  EXPECT_EQ(find_baseline("his"), nullptr);
}

}  // namespace
}  // namespace hies::baseline
