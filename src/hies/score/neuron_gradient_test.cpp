// Gate gradients of neurons in every family: against differences of losses, and whatever the batches.

#include <gtest/gtest.h>

#include <functional>

#include "hies/data/packing.h"
#include "hies/score/test_causal_golden.h"

namespace hies::score {
namespace {

// A tiny model of any family and its examples, each a batch of its own.
struct Subject {
  std::shared_ptr<const arch::Checkpoint> checkpoint;
  std::unique_ptr<model::Objective> objective;
  std::vector<model::Batch> examples;
  std::function<model::Batch(std::size_t first, std::size_t count)> together;
};

Subject subject_of(const std::string& name) {
  Subject subject;
  const auto& causal = causal_golden_names();
  if (std::find(causal.begin(), causal.end(), name) != causal.end()) {
    const auto golden = std::make_shared<CausalGolden>(name);
    subject.checkpoint = golden->checkpoint;
    subject.objective = make_objective("ce", golden->checkpoint->spec(), {});
    subject.together = [golden](std::size_t first, std::size_t count) { return golden->batch(first, count); };
    for (std::size_t x = 0; x < golden->examples.size(); ++x) subject.examples.push_back(golden->batch(x, 1));
    return subject;
  }
  const auto golden = std::make_shared<Golden>(HIES_SOURCE_DIR "/tests/golden/" + name);
  subject.checkpoint = golden->checkpoint;
  std::vector<double> labels;
  for (const data::Example& example : golden->dataset.examples) labels.push_back(example.label);
  subject.objective = make_objective(golden->task_loss(), golden->checkpoint->spec(), labels);
  subject.together = [golden](std::size_t first, std::size_t count) {
    model::Batch batch;
    for (std::size_t x = first; x < first + count; ++x)
      data::add(batch, static_cast<std::int64_t>(x), golden->dataset.examples[x]);
    return batch;
  };
  for (std::size_t x = 0; x < golden->dataset.examples.size(); ++x) subject.examples.push_back(subject.together(x, 1));
  return subject;
}

model::Recorder neuron_recorder() {
  model::Recorder recorder;
  recorder.want_inner = recorder.want_neurons = true;
  return recorder;
}

class NeuronGradients : public testing::TestWithParam<std::string> {
 protected:
  double loss(const model::Batch& batch, const model::Gates& gates) const {
    return model.run(batch, {&gates, subject.objective.get(), nullptr}).losses.front();
  }
  model::Recorder recorded(const model::Batch& batch, const model::Gates* gates = nullptr) const {
    model::Recorder recorder = neuron_recorder();
    model.run(batch, {gates, subject.objective.get(), &recorder});
    return recorder;
  }

  const Subject subject = subject_of(GetParam());
  const model::Layout& layout = subject.checkpoint->spec().layout;
  const engine::Model model = engine::Model::load(subject.checkpoint, engine::in_type(engine::ComputeType::float64));
};

// At gates of 1 and at others, in the first layer, one between and the last.
TEST_P(NeuronGradients, AreDifferencesOfLosses) {
  constexpr double kStep = 1e-4;
  const model::Batch& batch = subject.examples[1];
  for (const double others : {1.0, 0.7}) {
    model::Gates gates(layout, model::SiteKind::ffn, others);
    const model::Recorder recorder = recorded(batch, &gates);
    double greatest = 0;
    for (const auto& layer : recorder.layers)
      for (const double square : layer.neuron_sq) greatest = std::max(greatest, std::sqrt(square));
    ASSERT_GT(greatest, 0);
    for (const model::Site site : layout.sites(model::SiteKind::ffn)) {
      const std::size_t width = layout.at(site).units.size();
      for (const std::size_t neuron : {std::size_t{0}, width / 2, width - 1}) {
        double& gate = gates.at(site)[neuron];
        gate = others + kStep;
        const double above = loss(batch, gates);
        gate = others - kStep;
        const double below = loss(batch, gates);
        gate = others;
        const double gradient = std::abs(above - below) / (2 * kStep);
        const auto& layer = recorder.layers[static_cast<std::size_t>(site.layer)];
        EXPECT_NEAR(std::sqrt(layer.neuron_sq[neuron]), gradient, 1e-6 * greatest) << site.layer << ", " << neuron;
        EXPECT_NEAR(layer.neuron_abs[neuron] * static_cast<double>(batch.token_count()), gradient, 1e-6 * greatest);
      }
    }
  }
}

TEST_P(NeuronGradients, DoNotDependOnBatches) {
  const model::Recorder together = recorded(subject.together(0, subject.examples.size()));
  std::vector<model::Recorder> apart;
  for (const model::Batch& batch : subject.examples) apart.push_back(recorded(batch));
  for (std::size_t layer = 0; layer < together.layers.size(); ++layer) {
    Table absolute(1, std::vector<double>(together.layers[layer].neuron_abs.size(), 0)), squares = absolute;
    for (const model::Recorder& one : apart)
      for (std::size_t i = 0; i < squares[0].size(); ++i) {
        absolute[0][i] += one.layers[layer].neuron_abs[i];
        squares[0][i] += one.layers[layer].neuron_sq[i];
      }
    EXPECT_LE(relative_error({together.layers[layer].neuron_abs}, absolute), 1e-10) << layer;
    EXPECT_LE(relative_error({together.layers[layer].neuron_sq}, squares), 1e-10) << layer;
  }
}

std::vector<std::string> all_names() {
  std::vector<std::string> names = golden_names();
  names.insert(names.end(), causal_golden_names().begin(), causal_golden_names().end());
  return names;
}

INSTANTIATE_TEST_SUITE_P(All, NeuronGradients, testing::ValuesIn(all_names()),
                         [](const auto& info) { return test_name(info.param); });

}  // namespace
}  // namespace hies::score
