// Gradients of matrices in every kind of block, against differences of losses; sums over what output matrices read, against what a run
// records by itself.

#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "hies/data/packing.h"
#include "hies/engine/output_inputs.h"
#include "hies/engine/weight_gradients.h"
#include "hies/formats/float_conversion.h"
#include "hies/score/test_causal_golden.h"

namespace hies::score {
namespace {

struct Tiny {
  explicit Tiny(const std::string& name) : golden(std::filesystem::path(HIES_SOURCE_DIR) / "tests/golden" / name) {
    std::vector<double> labels;
    for (const data::Example& example : golden.dataset.examples) labels.push_back(example.label);
    objective = make_objective("logit-norm", golden.checkpoint->spec(), labels);
    batch = data::pack(golden.dataset, 4096).front();
  }
  engine::Model load(const formats::TensorMap& overrides = {}) const {
    engine::ExecutionOptions options = engine::in_type(engine::ComputeType::float64);
    options.threads = 1;
    return engine::Model::load(golden.checkpoint, options, overrides);
  }
  double loss(const formats::TensorMap& overrides) const {
    double sum = 0;
    for (const double own : load(overrides).run(batch, {nullptr, objective.get(), nullptr}).losses) sum += own;
    return sum;
  }

  data::GoldenModel golden;
  std::unique_ptr<model::Objective> objective;
  model::Batch batch;
};

class WeightGradientsOf : public testing::TestWithParam<std::string> {};

TEST_P(WeightGradientsOf, AreDifferencesOfLosses) {
  const Tiny tiny(GetParam());
  const engine::Model model = tiny.load();
  engine::WeightGradients gradients;
  model::Recorder recorder;
  recorder.want_inner = true;
  model.run(tiny.batch, {.gates = nullptr, .objective = tiny.objective.get(), .recorder = &recorder, .gradients = &gradients});
  std::mt19937 random(3);
  std::normal_distribution<double> normal;
  int matrices = 0;
  for (const arch::Checkpoint::Bound& bound : tiny.golden.checkpoint->tensors()) {
    const std::vector<double> gradient = gradients.of(bound.decl.name);
    if (gradient.empty()) continue;
    ++matrices;
    const std::vector<double> weight = formats::to_double(*bound.view);
    ASSERT_EQ(gradient.size(), weight.size()) << bound.decl.name;
    std::vector<double> direction(weight.size());
    double along = 0;
    for (std::size_t i = 0; i < weight.size(); ++i) along += gradient[i] * (direction[i] = normal(random));
    const auto moved = [&](double step) {
      std::vector<double> values = weight;
      for (std::size_t i = 0; i < values.size(); ++i) values[i] += step * direction[i];
      formats::StoredTensor tensor{formats::DType::float64, bound.view->shape, {}};
      tensor.bytes.resize(values.size() * sizeof(double));
      std::memcpy(tensor.bytes.data(), values.data(), tensor.bytes.size());
      formats::TensorMap map;
      map[bound.decl.name] = std::move(tensor);
      return tiny.loss(map);
    };
    constexpr double kStep = 1e-6;
    const double difference = (moved(kStep) - moved(-kStep)) / (2 * kStep);
    EXPECT_NEAR(along, difference, 2e-6 * std::max(1.0, std::abs(difference))) << bound.decl.name;
  }
  EXPECT_GE(matrices, 4 * model.spec().layer_count());
}

TEST_P(WeightGradientsOf, SumsOfInputsAreThoseOfARun) {
  const Tiny tiny(GetParam());
  const engine::Model model = tiny.load();
  std::map<model::Site, engine::OutputInputs> sums;
  engine::add_output_inputs(model, tiny.batch, sums);
  model::Recorder recorder;
  recorder.want_out_sq = true;
  model.run(tiny.batch, {nullptr, nullptr, &recorder});
  for (const auto& [site, own] : sums) {
    const model::SiteLayout& units = model.spec().layout.at(site);
    ASSERT_EQ(std::ssize(own.squares), units.width());
    ASSERT_EQ(std::ssize(own.contributions), units.count());
    EXPECT_EQ(own.tokens, tiny.batch.token_count());
    if (site.kind == model::SiteKind::ffn) continue;
    const std::vector<double>& of_run = recorder.layers[static_cast<std::size_t>(site.layer)].out_sq;
    for (int head = 0; head < units.count(); ++head) {
      double wanted = 0, got = 0;
      for (std::int64_t b = 0; b < tiny.batch.size(); ++b) wanted += of_run[static_cast<std::size_t>(b * units.count() + head)];
      for (int d = 0; d < units.unit_size; ++d) got += own.squares[static_cast<std::size_t>(head * units.unit_size + d)];
      EXPECT_NEAR(got, wanted, 1e-10 * wanted);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Families, WeightGradientsOf,
                         testing::Values("bert-tiny", "bert-v4-pruned", "gpt2-cls", "llama-cls", "vit-tiny", "dinov2-gated",
                                         "deit-teacher"));

}  // namespace
}  // namespace hies::score
