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
  using Type = engine::ComputeType;
  engine::Model load(const std::string& device, Type type, const formats::TensorMap& overrides = {}) const {
    engine::ExecutionOptions options = engine::in_type(type);
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
  refit::Refit refitted(const std::string& device, Type type) const {
    refit::RefitOptions options;
    options.refit = "all";
    options.damping = 0.1;
    options.refit_heldout = 1;
    data::Dataset judged = golden.dataset;
    judged.examples.resize(1);
    return refit::refit(load(device, type), plan().removed, golden.dataset, judged, options);
  }
  score::Golden golden{HIES_SOURCE_DIR "/tests/golden/" + GetParam()};
};

// Few rows determine the matrices badly, so that rounding of hidden states comes back many times larger: what float32 costs on the CPU,
// beside a refit in float64, is the measure of what it may cost on a GPU.
TEST_P(RefitsOnGpu, AreAsCloseToFloat64AsThoseOfTheCpu) {
  const refit::Refit exact = refitted("cpu", Type::float64), host = refitted("cpu", Type::float32),
                     gpu = refitted("cuda", Type::float32);
  ASSERT_EQ(gpu.gains.size(), exact.gains.size());
  double largest = 0;
  for (const auto& gain : exact.gains) largest = std::max(largest, gain.before);
  for (std::size_t i = 0; i < exact.gains.size(); ++i) {
    EXPECT_NEAR(gpu.gains[i].before, exact.gains[i].before, 1e-3 * largest) << i;
    EXPECT_NEAR(gpu.gains[i].after, exact.gains[i].after, 1e-3 * largest) << i;
  }
  // What the matrices answer is what counts: all are asked on the CPU, in float64.
  const model::Gates gates = prune::gates(plan(), golden.checkpoint->spec().layout);
  const auto answers = [&](const refit::Refit& refit) {
    return eval::predict(load("cpu", Type::float64, refit.whole), golden.dataset, &gates, nullptr, 64);
  };
  const auto expected = answers(exact);
  const LogitMatch of_host = match_logits(answers(host), expected), of_gpu = match_logits(answers(gpu), expected);
  EXPECT_LE(of_gpu.largest_difference, 4 * of_host.largest_difference + 1e-5 * of_gpu.largest_logit);
}

INSTANTIATE_TEST_SUITE_P(All, RefitsOnGpu, testing::ValuesIn(score::golden_names()), [](const auto& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
}  // namespace hies::pipeline
