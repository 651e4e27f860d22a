#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>

#include "hies/base/rng.h"
#include "hies/engine/model.h"
#include "hies/engine/test_gpu.h"

// The golden models on the CPU and on a GPU.
namespace hies::engine {
namespace {

// ½ Σ logit²: needs no labels, and pulls at every logit.
class LogitNorm : public model::Objective {
 public:
  std::string_view name() const noexcept override { return "logit-norm"; }
  std::optional<model::TokenLoss> token_loss() const noexcept override { return model::TokenLoss::logit_norm; }
  void evaluate(const model::LogitRows& rows, std::span<double> losses, std::span<double> gradient) const override {
    std::fill(losses.begin(), losses.end(), 0);
    for (std::size_t i = 0; i < rows.logits.size(); ++i)
      losses[i / static_cast<std::size_t>(rows.classes)] += rows.logits[i] * rows.logits[i] / 2;
    if (!gradient.empty()) std::copy(rows.logits.begin(), rows.logits.end(), gradient.begin());
  }
};

std::vector<std::filesystem::path> golden_models() {
  std::vector<std::filesystem::path> folders;
  for (const auto& entry : std::filesystem::directory_iterator(HIES_SOURCE_DIR "/tests/golden"))
    if (std::filesystem::exists(entry.path() / "model/config.json")) folders.push_back(entry.path() / "model");
  std::sort(folders.begin(), folders.end());
  return folders;
}

class RandomImages : public model::ImageLoader {
 public:
  explicit RandomImages(Shape shape) : shape_(shape) {}
  Shape shape() const noexcept override { return shape_; }
  void write(std::span<const std::int64_t> indices, std::span<float> pixels) const override {
    const std::size_t numbers = pixels.size() / indices.size();
    for (std::size_t i = 0; i < indices.size(); ++i) {
      Rng rng(static_cast<std::uint64_t>(indices[i]));
      for (float& pixel : pixels.subspan(i * numbers, numbers)) pixel = static_cast<float>(2 * rng.uniform() - 1);
    }
  }
  std::string content_hash(std::int64_t index) const override { return std::to_string(index); }

 private:
  Shape shape_;
};

model::Batch random_images(const model::ModelSpec& spec) {
  const model::VisionSpec& vision = spec.vision;
  const auto images = std::make_shared<RandomImages>(model::ImageLoader::Shape{vision.channels, vision.height, vision.width});
  model::Batch batch;
  for (std::int64_t i = 0; i < 5; ++i) batch.add(i, {images, i}, vision.tokens(vision.height, vision.width));
  return batch;
}

model::Batch random_batch(const model::ModelSpec& spec) {
  if (spec.reads_images()) return random_images(spec);
  Rng rng(7);
  model::Batch batch;
  for (const int wanted : {5, 1, 17, 30, 64, 2}) {
    const int length = std::min(wanted, spec.positions);
    std::vector<std::int32_t> tokens, types(static_cast<std::size_t>(length), 0);
    for (int t = 0; t < length; ++t) tokens.push_back(static_cast<std::int32_t>(rng.uniform() * (spec.text.vocabulary - 1)));
    const std::int64_t begin = batch.token_count();
    batch.add(batch.size(), tokens, types);
    for (int t = 0; spec.problem == model::Problem::causal_lm && t + 1 < length; ++t) {
      batch.target_rows.push_back(begin + t);
      batch.target_tokens.push_back(tokens[static_cast<std::size_t>(t) + 1]);
    }
  }
  return batch;
}

struct Outcome {
  model::RunResult result, masked;
  model::Recorder recorder;
};

Model load(const std::filesystem::path& folder, const ExecutionOptions& options) {
  return Model::load(std::make_shared<const arch::Checkpoint>(arch::Checkpoint::open(folder)), options);
}

ExecutionOptions options_on(const std::string& device, ComputeType type) {
  ExecutionOptions options = in_type(type);
  options.device = device;
  return options;
}

// One head and every third neuron of every layer are removed.
model::Gates masking(const model::Layout& layout) {
  model::Gates gates;
  for (const auto& [site, present] : layout) {
    std::vector<double>& row = gates[site];
    row.assign(present.units.size(), 1);
    const std::size_t step = site.kind == model::SiteKind::ffn ? 3 : std::max<std::size_t>(row.size(), 1);
    for (std::size_t i = step - 1; i < row.size(); i += step) row[i] = 0;
  }
  return gates;
}

Outcome outcome_of(const Model& model) {
  const model::Batch batch = random_batch(model.spec());
  const LogitNorm objective;
  Outcome outcome;
  outcome.recorder.want_inner = outcome.recorder.want_neurons = outcome.recorder.want_entropy = outcome.recorder.want_out_sq =
      true;
  outcome.result = model.run(batch, {.gates = nullptr, .objective = &objective, .recorder = &outcome.recorder});
  const model::Gates gates = masking(model.spec().layout);
  outcome.masked = model.run(batch, {.gates = &gates, .objective = &objective, .recorder = nullptr});
  return outcome;
}

Outcome outcome_on(const std::string& device, const std::filesystem::path& folder, ComputeType type,
                   const std::string& memory = {}) {
  ExecutionOptions options = options_on(device, type);
  options.memory = memory;
  return outcome_of(load(folder, options));
}

// The largest difference, as a share of the largest value.
double difference(const std::vector<double>& a, const std::vector<double>& b) {
  EXPECT_EQ(a.size(), b.size());
  double most = 0, size = 0;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    most = std::max(most, std::isfinite(a[i] - b[i]) ? std::abs(a[i] - b[i]) : INFINITY);
    size = std::max(size, std::abs(b[i]));
  }
  return most == 0 ? 0 : most / size;
}

// Returns the records of one kind of all layers.
std::vector<double> table(const model::Recorder& recorder, std::vector<double> model::Recorder::Layer::*values) {
  std::vector<double> all;
  for (const model::Recorder::Layer& layer : recorder.layers)
    all.insert(all.end(), (layer.*values).begin(), (layer.*values).end());
  return all;
}

std::vector<double> roots(std::vector<double> values) {
  for (double& value : values) value = std::sqrt(value);
  return values;
}

void expect_alike(const Outcome& gpu, const Outcome& host, double tolerance) {
  for (const auto values : {&model::RunResult::logits, &model::RunResult::losses, &model::RunResult::log_probabilities}) {
    EXPECT_LE(difference(gpu.result.*values, host.result.*values), tolerance);
    EXPECT_LE(difference(gpu.masked.*values, host.masked.*values), tolerance);
  }
  using Layer = model::Recorder::Layer;
  for (const auto values : {&Layer::inner, &Layer::inner_abs, &Layer::entropy, &Layer::out_sq, &Layer::neuron_abs})
    EXPECT_LE(difference(table(gpu.recorder, values), table(host.recorder, values)), tolerance);
  // Squares are off by twice the share that the gradients themselves are.
  EXPECT_LE(difference(roots(table(gpu.recorder, &Layer::neuron_sq)), roots(table(host.recorder, &Layer::neuron_sq))), tolerance);
  for (std::size_t layer = 0; layer < host.recorder.layers.size(); ++layer)
    EXPECT_EQ(gpu.recorder.layers[layer].entropy_queries, host.recorder.layers[layer].entropy_queries);
}

class OnGpu : public GpuTest<std::filesystem::path> {};
INSTANTIATE_TEST_SUITE_P(Golden, OnGpu, testing::ValuesIn(golden_models()), [](const auto& folder) {
  std::string name = folder.param.parent_path().filename().string();
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST_P(OnGpu, Float32IsThatOfTheCpu) {
  const Outcome host = outcome_on("cpu", GetParam(), ComputeType::float32);
  expect_alike(outcome_on("cuda", GetParam(), ComputeType::float32), host, 1e-4);
}

TEST_P(OnGpu, Bfloat16IsCloseToFloat32) {
  const Outcome host = outcome_on("cpu", GetParam(), ComputeType::float32);
  expect_alike(outcome_on("cuda", GetParam(), ComputeType::bfloat16), host, 0.15);
}

TEST_P(OnGpu, RunsAreTheSameBitForBit) {
  const Outcome once = outcome_on("cuda", GetParam(), ComputeType::bfloat16);
  expect_alike(outcome_on("cuda", GetParam(), ComputeType::bfloat16), once, 0);
}

// Layer by layer: room for little besides the weights.
TEST_P(OnGpu, FewLayersAtATimeChangeNothing) {
  const Outcome whole = outcome_on("cuda", GetParam(), ComputeType::float32);
  expect_alike(outcome_on("cuda", GetParam(), ComputeType::float32, "515MiB"), whole, 0);
}

// Makes 70 masks, of which more than one group stand side by side; some share their first layers.
std::vector<model::UnitSet> random_masks(const model::Layout& layout) {
  Rng rng(3);
  std::vector<model::UnitSet> masks;
  for (int i = 0; i < 70; ++i) {
    model::UnitSet mask;
    for (const model::Site site : layout.sites(model::SiteKind::attention)) {
      if (i % 3 > 0 && site.layer == 0) {
        mask.insert(site, masks.back().at(site));
        continue;
      }
      for (const int head : layout.at(site).units)
        if (rng.uniform() < 0.4) mask.insert(site, head);
    }
    for (const model::Site site : layout.sites(model::SiteKind::ffn))
      for (const int neuron : layout.at(site).units)
        if (i % 2 == 1 && rng.uniform() < 0.4) mask.insert(site, neuron);
    masks.push_back(std::move(mask));
  }
  return masks;
}

std::vector<model::RunResult> masked_on(const std::string& device, const std::filesystem::path& folder) {
  const Model model = load(folder, options_on(device, ComputeType::float32));
  const std::vector<model::UnitSet> masks = random_masks(model.spec().layout);
  const LogitNorm objective;
  std::vector<model::RunResult> results(masks.size());
  model.run_masks(random_batch(model.spec()), MaskTrie(masks, model.spec().layout), &objective,
                  [&](std::span<const std::size_t> which, model::RunResult&& result) {
                    for (const std::size_t mask : which) results[mask] = result;
                  });
  return results;
}

TEST_P(OnGpu, ManyMasksAreThoseOfTheCpu) {
  const std::vector<model::RunResult> host = masked_on("cpu", GetParam()), gpu = masked_on("cuda", GetParam());
  for (std::size_t mask = 0; mask < host.size(); ++mask)
    for (const auto values : {&model::RunResult::logits, &model::RunResult::losses, &model::RunResult::log_probabilities})
      ASSERT_LE(difference(gpu[mask].*values, host[mask].*values), 1e-4) << mask;
}

// Runs again and again, so that the order of the weights is known, forward and back and for a mask.
void expect_offload_changes_nothing(const std::filesystem::path& folder, ComputeType type) {
  const Outcome resident = outcome_on("cuda", folder, type);
  ExecutionOptions options = options_on("cuda", type);
  options.offload = true;
  const Model model = load(folder, options);
  EXPECT_GT(model.memory().streamed, 0u);
  for (int run = 0; run < 4; ++run) expect_alike(outcome_of(model), resident, 0);
}

TEST_P(OnGpu, OffloadInFloat32ChangesNoBit) { expect_offload_changes_nothing(GetParam(), ComputeType::float32); }
TEST_P(OnGpu, OffloadInBfloat16ChangesNoBit) { expect_offload_changes_nothing(GetParam(), ComputeType::bfloat16); }

}  // namespace
}  // namespace hies::engine
