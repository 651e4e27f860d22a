// What must hold of a refitted model in every family.

#include <gtest/gtest.h>

#include "hies/base/test_files.h"
#include "hies/eval/predict.h"
#include "hies/formats/float_conversion.h"
#include "hies/pipeline/logit_match.h"
#include "hies/pipeline/refit_rows.h"
#include "hies/prune/surgery.h"
#include "hies/refit/masked_tensors.h"
#include "hies/refit/refit.h"
#include "hies/score/golden_test.h"
#include "hies/score/scorer.h"
#include "hies/score/scores.h"

namespace hies::pipeline {
namespace {

using engine::ComputeType;

class RefittedModels : public testing::TestWithParam<std::string> {
 protected:
  const model::Layout& layout() const { return golden.checkpoint->spec().layout; }

  // Some heads and neurons of every layer, all neurons of the second, and all heads of the last.
  prune::Plan some_plan() const {
    prune::Plan plan;
    plan.model = golden.checkpoint->hashes();
    const int last = layout().layer_count() - 1;
    for (const auto& [site, present] : layout())
      for (std::size_t i = 0; i < present.units.size(); ++i) {
        const bool neuron = site.kind == model::SiteKind::ffn;
        if (neuron ? site.layer == 1 || i % 3 == 0 : site.layer == last || i % 2 == 1)
          if (present.is_active(present.units[i])) plan.removed.insert(site, present.units[i]);
      }
    return plan;
  }
  refit::Refit refitted(const engine::Model& model, const model::UnitSet& removed, const std::string& sites = "all") const {
    refit::RefitOptions options;
    options.refit = sites;
    data::Dataset judged = golden.dataset;
    judged.examples.resize(1);
    return refit::refit(model, removed, golden.dataset, judged, options);
  }
  eval::Predictions answers(const engine::Model& model, const model::Gates* gates) const {
    return eval::predict(model, golden.dataset, gates, nullptr, 64);
  }
  static std::vector<double> values(const formats::StoredTensor& tensor) {
    return formats::to_double({"", tensor.dtype, tensor.shape, tensor.bytes, 0, nullptr});
  }

  TestFolder folder;
  score::Golden golden{HIES_SOURCE_DIR "/tests/golden/" + GetParam()};
};

TEST_P(RefittedModels, NothingRemovedStays) {
  const engine::Model model = golden.load(ComputeType::float64);
  const refit::Refit refit = refitted(model, {});
  EXPECT_FALSE(refit.whole.empty());
  for (const auto& [name, tensor] : refit.whole) {
    const std::vector<double> before = formats::to_double(*golden.checkpoint->find(name)), after = values(tensor);
    ASSERT_EQ(after.size(), before.size()) << name;
    for (std::size_t i = 0; i < after.size(); ++i) ASSERT_NEAR(after[i], before[i], 1e-10) << name;
  }
}

TEST_P(RefittedModels, ErrorsOfSitesOnlyFall) {
  const engine::Model model = golden.load(ComputeType::float64);
  const refit::Refit refit = refitted(model, some_plan().removed);
  EXPECT_EQ(std::ssize(refit.gains), 2 * layout().layer_count());
  bool any = false;
  for (const refit::Refit::Gain& gain : refit.gains) {
    EXPECT_LE(gain.after, gain.before * (1 + 1e-9) + 1e-18) << gain.site.layer;
    any = any || gain.after < 0.9 * gain.before;
  }
  EXPECT_TRUE(any);
  ASSERT_TRUE(refit.divergence_before && refit.divergence_after);
  EXPECT_GE(*refit.divergence_before, 0);
  const refit::Refit heads = refitted(model, some_plan().removed, "attention");
  EXPECT_EQ(std::ssize(heads.gains), layout().layer_count());
  for (const auto& gain : heads.gains) EXPECT_EQ(gain.site.kind, model::SiteKind::attention);
}

TEST_P(RefittedModels, PrunedIsMaskedAndRefitted) {
  const prune::Plan plan = some_plan();
  const model::Gates gates = prune::gates(plan, layout());
  for (const auto& [type, tolerance] : {std::pair{ComputeType::float64, 1e-10}, {ComputeType::float32, 1e-5}}) {
    const refit::Refit refit = refitted(golden.load(type), plan.removed);
    for (const bool keep_shapes : {false, true}) {
      prune::SurgeryOptions options;
      options.keep_shapes = keep_shapes;
      const std::string name = fmt::format("{}-{}", tolerance, keep_shapes);
      prune::write_pruned(*golden.checkpoint, plan, options, "", folder.folder(name), silent_progress(),
                          keep_shapes ? refit.whole : refit.pruned);
      const auto written = std::make_shared<arch::Checkpoint>(arch::Checkpoint::open(folder / name));
      const auto got = answers(engine::Model::load(written, engine::in_type(type)), nullptr);
      const auto wanted = answers(engine::Model::load(golden.checkpoint, engine::in_type(type), refit.whole), &gates);
      const LogitMatch match = match_logits(got, wanted);
      EXPECT_LE(match.largest_difference, tolerance * match.largest_logit) << name;
      // It changed the model, and left all that it does not fit.
      const auto unfitted = match_logits(wanted, answers(golden.load(type), &gates));
      EXPECT_GT(unfitted.largest_difference, 1e-4 * unfitted.largest_logit);
      for (const auto& bound : golden.checkpoint->tensors())
        if (bound.decl.layer < 0 && bound.view != nullptr) {
          const auto* after = written->find(bound.decl.name);
          EXPECT_TRUE(std::ranges::equal(after->bytes, bound.view->bytes)) << bound.decl.name;
        }
    }
  }
}

// Output matrices with zeros for what is removed give the masked model, whose removed units have no gradient and the others their own.
TEST_P(RefittedModels, MaskedTensorsAreTheMask) {
  const prune::Plan plan = some_plan();
  const model::Gates gates = prune::gates(plan, layout());
  const engine::Model model = golden.load(ComputeType::float64);
  const engine::Model zeroed = engine::Model::load(golden.checkpoint, engine::in_type(ComputeType::float64),
                                                   refit::masked_tensors(*golden.checkpoint, plan.removed));
  const LogitMatch match = match_logits(answers(zeroed, nullptr), answers(model, &gates));
  EXPECT_LE(match.largest_difference, 1e-10 * match.largest_logit);
  score::ScoreOptions options;
  options.loss = "logit-norm";
  options.sites = "attention,ffn";
  options.tables = {"fisher"};
  const score::Scores scores = score::score_heads(zeroed, golden.dataset, options);
  bool any = false;
  for (const auto& [site, row] : scores.table("fisher"))
    for (std::size_t i = 0; i < row.size(); ++i) {
      const bool removed = plan.removed.contains(site, layout().at(site).units[i]);
      any = any || row[i] > 0;
      EXPECT_TRUE(!removed || row[i] == 0) << site.layer;
    }
  EXPECT_TRUE(any);
}

INSTANTIATE_TEST_SUITE_P(All, RefittedModels, testing::ValuesIn(score::golden_names()), [](const auto& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST(RefitRows, AreDivided) {
  data::Dataset rows;
  rows.examples.resize(100);
  for (std::size_t i = 0; i < 100; ++i) rows.examples[i].row = static_cast<std::int64_t>(i) + 1;
  refit::RefitOptions options;
  options.refit_examples = 50;
  options.refit_heldout = 20;
  const CalibrationParts enough = divide(rows, 30, options, silent_progress());
  EXPECT_EQ(enough.scored.size(), 30);
  EXPECT_EQ(enough.fitted.examples.front().row, 31);
  EXPECT_EQ(enough.fitted.size(), 50);
  EXPECT_EQ(enough.heldout.examples.front().row, 81);
  EXPECT_EQ(enough.heldout.size(), 20);
  const CalibrationParts fewer = divide(rows, 90, options, silent_progress());
  EXPECT_EQ(fewer.heldout.size(), 20);  // a fifth
  EXPECT_EQ(fewer.fitted.size(), 80);
  EXPECT_EQ(fewer.scored.size(), 80);
  rows.examples.resize(1);
  EXPECT_THROW(divide(rows, 30, options, silent_progress()), Error);
}

}  // namespace
}  // namespace hies::pipeline
