#include "hies/engine/execution.h"

#include <gtest/gtest.h>

#include "hies/base/error.h"
#include "hies/base/rng.h"
#include "hies/engine/model.h"

namespace hies::engine {
namespace {

ExecutionOptions with(std::string dtype, std::int64_t threads, std::string memory = {}) {
  ExecutionOptions options;
  options.dtype = std::move(dtype);
  options.threads = threads;
  options.memory = std::move(memory);
  return options;
}

TEST(Execution, RefusesWhatNoModelRunsWith) {
  ExecutionOptions options;
  options.device = "tpu";
  EXPECT_THROW(resolve(options), Error);
  EXPECT_THROW(resolve(with("float8", 0)), Error);
  EXPECT_THROW(resolve(with("float32", -1)), Error);
  EXPECT_THROW(resolve(with("float32", 1, "much")), Error);
  EXPECT_THROW(resolve(with("tf32", 1)), Error);  // on the CPU
  options = with("float64", 1);
  options.device = "cuda";
  try {
    resolve(options);
    FAIL() << "float64 on a GPU was taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::unsupported);
  }
}

TEST(Execution, ReadsSizesAndTypes) {
  const Execution execution = resolve(with("bfloat16", 3, "12GiB"));
  EXPECT_EQ(execution.type, ComputeType::bfloat16);
  EXPECT_EQ(execution.threads, 3);
  EXPECT_EQ(execution.memory, std::uint64_t{12} << 30);
  EXPECT_GE(resolve({}).threads, 1);
}

class LogitSum : public model::Objective {
 public:
  std::string_view name() const noexcept override { return "logit-sum"; }
  void evaluate(const model::LogitRows& rows, std::span<double> losses, std::span<double> gradient) const override {
    std::fill(losses.begin(), losses.end(), 0);
    for (std::size_t i = 0; i < rows.logits.size(); ++i) losses[i / static_cast<std::size_t>(rows.classes)] += rows.logits[i];
    std::fill(gradient.begin(), gradient.end(), 1);
  }
};

// What a model gives, numbers and records.
struct Outcome {
  std::vector<double> logits, inner;
  bool operator==(const Outcome&) const = default;
};

Outcome outcome_of(const Model& model) {
  Rng rng(1);
  model::Batch batch;
  for (const int length : {9, 4, 17}) {
    std::vector<std::int32_t> tokens, types(static_cast<std::size_t>(length), 0);
    for (int t = 0; t < length; ++t) tokens.push_back(static_cast<std::int32_t>(rng.uniform() * model.spec().text.vocabulary));
    batch.add(batch.size(), tokens, types);
  }
  const LogitSum objective;
  model::Recorder recorder;
  recorder.want_inner = true;
  Outcome outcome{model.run(batch, {.gates = nullptr, .objective = &objective, .recorder = &recorder}).logits, {}};
  for (const auto& layer : recorder.layers) outcome.inner.insert(outcome.inner.end(), layer.inner.begin(), layer.inner.end());
  return outcome;
}

// Options are values: models with other types, threads and memory take turns in one process and give what each gives alone.
TEST(Execution, ModelsWithDifferentOptionsTakeTurns) {
  const auto checkpoint =
      std::make_shared<const arch::Checkpoint>(arch::Checkpoint::open(HIES_SOURCE_DIR "/tests/golden/bert-tiny/model"));
  const std::vector<ExecutionOptions> options = {with("float32", 1), with("float64", 2), with("bfloat16", 2),
                                                 with("float32", 2, "520MiB")};
  std::vector<Outcome> alone;
  alone.reserve(options.size());
  for (const ExecutionOptions& each : options) alone.push_back(outcome_of(Model::load(checkpoint, each)));
  EXPECT_NE(alone[0], alone[1]);
  std::vector<Model> models;
  models.reserve(options.size());
  for (const ExecutionOptions& each : options) models.push_back(Model::load(checkpoint, each));
  for (int round = 0; round < 2; ++round)
    for (std::size_t i = 0; i < models.size(); ++i) EXPECT_EQ(outcome_of(models[i]), alone[i]) << "model " << i;
}

// A mask gives the same whichever way it is asked for, and whichever other masks stand beside it.
TEST(Masks, OfNeuronsAndHeads) {
  const Model model = Model::load(
      std::make_shared<const arch::Checkpoint>(arch::Checkpoint::open(HIES_SOURCE_DIR "/tests/golden/bert-tiny/model")));
  std::vector<model::UnitSet> masks(4);
  masks[1].insert(model::ffn_site(1), {0, 5});
  masks[2].insert(model::ffn_site(0), {3});
  masks[2].insert(model::attention_site(1), {1});
  masks[3] = masks[2];
  masks[3].insert(model::ffn_site(1), {0, 5});
  model::Batch batch;
  batch.add(0, std::vector<std::int32_t>{1, 2, 3}, std::vector<std::int32_t>{0, 0, 0});
  std::vector<std::vector<double>> together(masks.size());
  model.run_masks(batch, MaskTrie(masks, model.spec().layout), nullptr, [&](std::span<const std::size_t> which, auto&& result) {
    for (const std::size_t mask : which) together[mask] = result.logits;
  });
  for (std::size_t i = 0; i < masks.size(); ++i) {
    const model::Gates gates = model::gates_without(masks[i], model.spec().layout);
    EXPECT_EQ(model.run(batch, {.gates = &gates}).logits, together[i]) << i;
    for (std::size_t j = 0; j < i; ++j) EXPECT_NE(together[j], together[i]) << j << ", " << i;
  }
}

}  // namespace
}  // namespace hies::engine
