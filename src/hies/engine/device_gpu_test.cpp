#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>

#include "hies/base/rng.h"
#include "hies/model/gpu_test.h"
#include "hies/model/device.h"
#include "hies/model/model.h"

// The golden models on the CPU and on a GPU.
namespace hies::model {
namespace {

// ½ Σ logit²: needs no labels, and pulls at every logit.
class LogitNorm : public Objective {
 public:
  std::string_view name() const noexcept override { return "logit-norm"; }
  std::optional<TokenLoss> token_loss() const noexcept override { return TokenLoss::logit_norm; }
  void evaluate(const LogitRows& rows, std::span<double> losses, std::span<double> gradient) const override {
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

class RandomImages : public ImageLoader {
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

Batch random_images(const ModelSpec& spec) {
  const VisionSpec& vision = spec.vision;
  const auto images = std::make_shared<RandomImages>(ImageLoader::Shape{vision.channels, vision.height, vision.width});
  Batch batch;
  for (std::int64_t i = 0; i < 5; ++i) batch.add(i, {images, i}, vision.tokens(vision.height, vision.width));
  return batch;
}

Batch random_batch(const ModelSpec& spec) {
  if (spec.reads_images()) return random_images(spec);
  Rng rng(7);
  Batch batch;
  for (const int wanted : {5, 1, 17, 30, 64, 2}) {
    const int length = std::min(wanted, spec.positions);
    std::vector<std::int32_t> tokens, types(static_cast<std::size_t>(length), 0);
    for (int t = 0; t < length; ++t) tokens.push_back(static_cast<std::int32_t>(rng.uniform() * (spec.vocabulary - 1)));
    const std::int64_t begin = batch.token_count();
    batch.add(batch.size(), tokens, types);
    for (int t = 0; spec.problem == Problem::causal_lm && t + 1 < length; ++t) {
      batch.target_rows.push_back(begin + t);
      batch.target_tokens.push_back(tokens[static_cast<std::size_t>(t) + 1]);
    }
  }
  return batch;
}

struct Outcome {
  RunResult result, masked;
  AttentionProbe probe;
};

Model load(const std::filesystem::path& folder, ComputeType type, std::uint64_t memory) {
  set_memory(memory);
  Model model = Model::load(std::make_shared<const Checkpoint>(Checkpoint::open(folder)), type);
  set_memory(0);
  return model;
}

Outcome outcome_of(const Model& model) {
  const Batch batch = random_batch(model.spec());
  const LogitNorm objective;
  Outcome outcome;
  outcome.probe.want_inner = outcome.probe.want_entropy = outcome.probe.want_out_sq = true;
  outcome.result = model.run(batch, {.gates = nullptr, .objective = &objective, .probe = &outcome.probe});
  HeadGates gates;
  for (const LayerHeads& layer : model.spec().layers) {
    std::vector<double>& row = gates.emplace_back(layer.heads.size(), 1.0);
    if (!row.empty()) row.back() = 0;
  }
  outcome.masked = model.run(batch, {.gates = &gates, .objective = &objective, .probe = nullptr});
  return outcome;
}

Outcome outcome_on(const std::string& device, const std::filesystem::path& folder, ComputeType type, std::uint64_t memory) {
  set_device(device);
  Outcome outcome = outcome_of(load(folder, type, memory));
  set_device("cpu");
  return outcome;
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

// Of all layers' notes of one kind.
std::vector<double> table(const AttentionProbe& probe, std::vector<double> AttentionProbe::Layer::*values) {
  std::vector<double> all;
  for (const AttentionProbe::Layer& layer : probe.layers) all.insert(all.end(), (layer.*values).begin(), (layer.*values).end());
  return all;
}

void expect_alike(const Outcome& gpu, const Outcome& host, double tolerance) {
  for (const auto values : {&RunResult::logits, &RunResult::losses, &RunResult::log_probabilities}) {
    EXPECT_LE(difference(gpu.result.*values, host.result.*values), tolerance);
    EXPECT_LE(difference(gpu.masked.*values, host.masked.*values), tolerance);
  }
  using Layer = AttentionProbe::Layer;
  for (const auto values : {&Layer::inner, &Layer::inner_abs, &Layer::entropy, &Layer::out_sq})
    EXPECT_LE(difference(table(gpu.probe, values), table(host.probe, values)), tolerance);
  for (std::size_t layer = 0; layer < host.probe.layers.size(); ++layer)
    EXPECT_EQ(gpu.probe.layers[layer].entropy_queries, host.probe.layers[layer].entropy_queries);
}

class OnGpu : public GpuTest<std::filesystem::path> {};
INSTANTIATE_TEST_SUITE_P(Golden, OnGpu, testing::ValuesIn(golden_models()), [](const auto& folder) {
  std::string name = folder.param.parent_path().filename().string();
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST_P(OnGpu, Float32IsThatOfTheCpu) {
  const Outcome host = outcome_on("cpu", GetParam(), ComputeType::float32, 0);
  expect_alike(outcome_on("cuda", GetParam(), ComputeType::float32, 0), host, 1e-4);
}

TEST_P(OnGpu, Bfloat16IsCloseToFloat32) {
  const Outcome host = outcome_on("cpu", GetParam(), ComputeType::float32, 0);
  expect_alike(outcome_on("cuda", GetParam(), ComputeType::bfloat16, 0), host, 0.15);
}

TEST_P(OnGpu, RunsAreTheSameBitForBit) {
  const Outcome once = outcome_on("cuda", GetParam(), ComputeType::bfloat16, 0);
  expect_alike(outcome_on("cuda", GetParam(), ComputeType::bfloat16, 0), once, 0);
}

// Layer by layer: room for little besides the weights.
TEST_P(OnGpu, FewLayersAtATimeChangeNothing) {
  const Outcome whole = outcome_on("cuda", GetParam(), ComputeType::float32, 0);
  expect_alike(outcome_on("cuda", GetParam(), ComputeType::float32, std::uint64_t{515} << 20), whole, 0);
}

// 70 masks, of which more than one group stand side by side; some share their first layers.
std::vector<HeadGates> random_masks(const HeadLayout& layout) {
  Rng rng(3);
  std::vector<HeadGates> masks;
  for (int i = 0; i < 70; ++i) {
    HeadGates mask;
    for (const LayerHeads& layer : layout) {
      std::vector<double>& row = mask.emplace_back();
      for (int head = 0; head < layer.count(); ++head) row.push_back(rng.uniform() < 0.4 ? 0 : 1);
    }
    if (i % 3 > 0 && !mask.empty()) mask.front() = masks.back().front();
    masks.push_back(std::move(mask));
  }
  return masks;
}

std::vector<RunResult> masked_on(const std::string& device, const std::filesystem::path& folder) {
  set_device(device);
  const Model model = Model::load(std::make_shared<const Checkpoint>(Checkpoint::open(folder)), ComputeType::float32);
  const std::vector<HeadGates> masks = random_masks(model.spec().layers);
  const LogitNorm objective;
  std::vector<RunResult> results(masks.size());
  model.run_masks(random_batch(model.spec()), MaskTrie(masks), &objective,
                  [&](std::span<const std::size_t> which, RunResult&& result) {
                    for (const std::size_t mask : which) results[mask] = result;
                  });
  set_device("cpu");
  return results;
}

TEST_P(OnGpu, ManyMasksAreThoseOfTheCpu) {
  const std::vector<RunResult> host = masked_on("cpu", GetParam()), gpu = masked_on("cuda", GetParam());
  for (std::size_t mask = 0; mask < host.size(); ++mask)
    for (const auto values : {&RunResult::logits, &RunResult::losses, &RunResult::log_probabilities})
      ASSERT_LE(difference(gpu[mask].*values, host[mask].*values), 1e-4) << mask;
}

// Again and again, so that the order of the weights is known, on the way there and back and for a mask.
void expect_offload_changes_nothing(const std::filesystem::path& folder, ComputeType type) {
  const Outcome resident = outcome_on("cuda", folder, type, 0);
  set_device("cuda");
  set_offload(true);
  const Model model = load(folder, type, 0);
  set_offload(false);
  EXPECT_GT(model.memory().streamed, 0u);
  for (int run = 0; run < 4; ++run) expect_alike(outcome_of(model), resident, 0);
  set_device("cpu");
}

TEST_P(OnGpu, OffloadInFloat32ChangesNoBit) { expect_offload_changes_nothing(GetParam(), ComputeType::float32); }
TEST_P(OnGpu, OffloadInBfloat16ChangesNoBit) { expect_offload_changes_nothing(GetParam(), ComputeType::bfloat16); }

}  // namespace
}  // namespace hies::model
