// Refits on a GPU beside those of the CPU.

#include <gtest/gtest.h>

#include "hies/engine/test_gpu.h"
#include "hies/eval/predict.h"
#include "hies/pipeline/logit_match.h"
#include "hies/prune/plan.h"
#include "hies/refit/refit.h"
#include "hies/score/golden_test.h"

namespace hies::pipeline {
namespace {

class RefitsOnGpu : public engine::GpuTest<std::string> {
 protected:
  engine::Model load(const std::string& device, const formats::TensorMap& overrides = {}) const {
    engine::ExecutionOptions options = engine::in_type(engine::ComputeType::float32);
    options.device = device;
    return engine::Model::load(golden.checkpoint, options, overrides);
  }
  // Every second head, and every third neuron.
  prune::Plan plan() const {
    prune::Plan plan;
    plan.model = golden.checkpoint->hashes();
    for (const auto& [site, present] : golden.checkpoint->spec().layout)
      for (std::size_t i = 1; i < present.units.size(); i += site.kind == model::SiteKind::ffn ? 3 : 2)
        if (present.is_active(present.units[i])) plan.removed.insert(site, present.units[i]);
    return plan;
  }
  refit::Refit refitted(const std::string& device) const {
    refit::RefitOptions options;
    options.refit = "all";
    options.damping = 0.1;
    options.refit_heldout = 1;
    data::Dataset judged = golden.dataset;
    judged.examples.resize(1);
    return refit::refit(load(device), plan().removed, golden.dataset, judged, options);
  }
  score::Golden golden{HIES_SOURCE_DIR "/tests/golden/" + GetParam()};
};

TEST_P(RefitsOnGpu, AreThoseOfTheCpu) {
  const refit::Refit host = refitted("cpu"), gpu = refitted("cuda");
  ASSERT_EQ(gpu.gains.size(), host.gains.size());
  double largest = 0;
  for (const auto& gain : host.gains) largest = std::max(largest, gain.before);
  for (std::size_t i = 0; i < host.gains.size(); ++i) {
    EXPECT_NEAR(gpu.gains[i].before, host.gains[i].before, 1e-3 * largest) << i;
    EXPECT_NEAR(gpu.gains[i].after, host.gains[i].after, 1e-3 * largest) << i;
  }
  // The matrices themselves are as good as the rows determine them; what they answer is what counts.
  const model::Gates gates = prune::gates(plan(), golden.checkpoint->spec().layout);
  const auto answers = [&](const std::string& device, const refit::Refit& refit) {
    return eval::predict(load(device, refit.whole), golden.dataset, &gates, nullptr, 64);
  };
  const LogitMatch match = match_logits(answers("cuda", gpu), answers("cpu", host));
  EXPECT_LE(match.largest_difference, 1e-3 * match.largest_logit);
}

INSTANTIATE_TEST_SUITE_P(All, RefitsOnGpu, testing::ValuesIn(score::golden_names()), [](const auto& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
}  // namespace hies::pipeline
