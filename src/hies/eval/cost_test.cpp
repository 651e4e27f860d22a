#include "hies/eval/cost.h"

#include <gtest/gtest.h>

#include "hies/model/cost.h"

namespace hies::eval {
namespace {

// FLOPs of a whole data set at once are those of its lengths one by one, whatever is pruned.
TEST(Cost, OfManyLengthsIsTheMeanOfEach) {
  for (const char* name : {"bert-tiny", "roberta-tiny", "distilbert-tiny", "bert-v4-pruned"}) {
    const auto checkpoint = arch::Checkpoint::open(std::string(HIES_SOURCE_DIR "/tests/golden/") + name + "/model");
    model::ModelSpec spec = checkpoint.spec();
    const std::vector<std::int64_t> lengths = {3, 7, 7, 12, 1};
    for (int pruned = 0; pruned < 2; ++pruned) {
      double whole = 0, attention = 0;
      for (const std::int64_t length : lengths) {
        const auto tokens = static_cast<double>(length);
        const model::ModelCost one = model::model_cost(spec, tokens);
        whole += one.flops_per_token * tokens / 5;
        attention += one.attention_flops_per_token * tokens / 5;
      }
      const Cost got = eval::cost(checkpoint, spec.layout, {lengths, 5});
      EXPECT_NEAR(got.flops_per_example, whole, whole * 1e-12) << name;
      EXPECT_NEAR(got.attention_flops_per_example, attention, attention * 1e-12) << name;
      EXPECT_LT(got.attention_flops_per_example, got.flops_per_example);
      spec.layout.attention(0).units.clear();
      spec.layout.attention(0).kv_heads.clear();
    }
  }
}

TEST(Cost, OfNoDataIsOfNoFlops) {
  const auto checkpoint = arch::Checkpoint::open(HIES_SOURCE_DIR "/tests/golden/bert-tiny/model");
  const Cost got = cost(checkpoint, checkpoint.spec().layout, {});
  EXPECT_EQ(got.flops_per_example, 0);
  EXPECT_GT(got.parameters, got.attention_parameters);
}

}  // namespace
}  // namespace hies::eval
