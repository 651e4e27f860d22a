// A small memory budget changes how a model is run, and no bit of what it gives.

#include <gtest/gtest.h>

#include "hies/base/error.h"
#include "hies/score/test_causal_golden.h"

namespace hies::score {
namespace {

// `kib`: the memory budget; 0 for what there is.
engine::ExecutionOptions options_of(engine::ComputeType type, std::uint64_t kib) {
  engine::ExecutionOptions options = engine::in_type(type);
  if (kib > 0) options.memory = fmt::format("{}KiB", kib);
  return options;
}

class SmallMemory : public testing::TestWithParam<std::string> {
 protected:
  engine::Model load(engine::ComputeType type, std::uint64_t kib) const {
    return engine::Model::load(golden.checkpoint, options_of(type, kib));
  }
  CausalGolden golden{GetParam()};
};

struct Outcome {
  model::RunResult result;
  model::Recorder recorder = full_recorder();

  Outcome(const engine::Model& model, const model::Batch& batch) {
    const auto objective = make_objective("ce", model.spec(), {});
    result = model.run(batch, {nullptr, objective.get(), &recorder});
  }
};

void expect_same(const Outcome& one, const Outcome& other) {
  EXPECT_EQ(one.result.losses, other.result.losses);
  EXPECT_EQ(one.result.log_probabilities, other.result.log_probabilities);
  for (std::size_t layer = 0; layer < one.recorder.layers.size(); ++layer) {
    const auto &a = one.recorder.layers[layer], &b = other.recorder.layers[layer];
    EXPECT_EQ(a.inner, b.inner) << "layer " << layer;
    EXPECT_EQ(a.inner_abs, b.inner_abs);
    EXPECT_EQ(a.entropy, b.entropy);
    EXPECT_EQ(a.entropy_queries, b.entropy_queries);
    EXPECT_EQ(a.out_sq, b.out_sq);
  }
}

int layers_that_fit(const engine::MemoryPlan& plan, std::int64_t tokens) {
  try {
    return plan.layers_at_once(tokens, 2);
  } catch (const Error&) {
    return 0;
  }
}

// Returns the least budget, in KiB, whose plan is as wanted, or 0.
template <class Wanted>
std::uint64_t find_budget(const CausalGolden& golden, engine::ComputeType type, const Wanted& wanted) {
  constexpr std::uint64_t kOverhead = 512 << 10;
  for (std::uint64_t kib = kOverhead; kib < kOverhead + (4 << 10); ++kib)
    if (wanted(engine::plan_memory(golden.checkpoint->spec(), engine::resolve(options_of(type, kib))))) return kib;
  ADD_FAILURE() << "no budget leads to such a plan";
  return 0;
}

TEST_P(SmallMemory, GivesTheSameBits) {
  const model::Batch few = golden.batch(0, 1), many = golden.batch();
  for (const auto type : {engine::ComputeType::float32, engine::ComputeType::float64, engine::ComputeType::bfloat16}) {
    const engine::Model roomy = load(type, 0);
    ASSERT_TRUE(roomy.memory().keep_backward);
    EXPECT_TRUE(roomy.memory().text(few.token_count(), 2).empty());
    // Little beside the weights: they are put in order each time.
    const engine::Model reading = load(type, find_budget(golden, type, [&](const engine::MemoryPlan& plan) {
                                         return !plan.keep_forward && layers_that_fit(plan, few.token_count()) > 0;
                                       }));
    EXPECT_FALSE(reading.memory().keep_forward);
    EXPECT_NE(reading.memory().text(few.token_count(), 2).find("read from the file again"), std::string::npos);
    expect_same({reading, few}, {roomy, few});
    // Little beside the activations: one layer at a time.
    const engine::Model layered = load(type, find_budget(golden, type, [&](const engine::MemoryPlan& plan) {
                                         return layers_that_fit(plan, many.token_count()) == 1;
                                       }));
    ASSERT_EQ(layered.memory().layers_at_once(many.token_count(), 2), 1);
    EXPECT_NE(layered.memory().text(many.token_count(), 2).find("1 of 2 layers at a time"), std::string::npos);
    expect_same({layered, many}, {roomy, many});
  }
}

TEST_P(SmallMemory, TooLittleIsRefusedWithWhatIsNeeded) {
  const engine::Model model = load(engine::ComputeType::float32, 1);
  EXPECT_EQ(model.run(golden.batch()).log_probabilities.size(),
            golden.batch().target_rows.size());  // without a backward pass nothing is kept
  try {
    statistics_of(golden, model, "ce", golden.examples.size());
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::bad_input);
    EXPECT_NE(error.hint().find("raise `memory`"), std::string::npos);
  }
}

INSTANTIATE_TEST_SUITE_P(All, SmallMemory, testing::Values("llama-gqa", "qwen3-tiny", "gpt2-tiny"),
                         [](const auto& info) { return test_name(info.param); });

}  // namespace
}  // namespace hies::score
