#include "hies/engine/memory.h"

#include <gtest/gtest.h>

#include "hies/base/error.h"
#include "hies/kernels/cuda/plugin.h"

namespace hies::engine {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20, kGiB = std::uint64_t{1} << 30;

// 10 GiB of weights, 1 MiB a token and layer, 4 MiB a token of a mask.
MemoryPlan plan_of_gpu(std::uint64_t budget) {
  MemoryPlan plan;
  plan.one_copy = true;
  plan.budget = budget;
  plan.weights = 10 * kGiB;
  plan.token_in_layer = kMiB;
  plan.token_of_mask = 4 * kMiB;
  return plan;
}

TEST(MemoryOfAGpu, LayersAsManyAsFit) {
  EXPECT_EQ(plan_of_gpu(20 * kGiB).layers_at_once(1024, 12), 9);  // half a GiB is for what every run takes
  EXPECT_EQ(plan_of_gpu(80 * kGiB).layers_at_once(1024, 12), 12);
  EXPECT_THROW(plan_of_gpu(11 * kGiB).layers_at_once(1024, 12), Error);
}

TEST(MemoryOfAGpu, MasksAsManyAsFitAndKeepItBusy) {
  EXPECT_EQ(plan_of_gpu(80 * kGiB).masks_at_once(4096), 4);  // 16,384 tokens keep a GPU busy
  EXPECT_EQ(plan_of_gpu(20 * kGiB).masks_at_once(1024), 2);
  EXPECT_EQ(plan_of_gpu(10 * kGiB).masks_at_once(1024), 1);
  EXPECT_EQ(plan_of_gpu(80 * kGiB).masks_at_once(1), 64);
  MemoryPlan host = plan_of_gpu(80 * kGiB);
  host.one_copy = false;
  EXPECT_EQ(host.masks_at_once(16), 1);
}

TEST(MemoryOfAGpu, HintsNameWhatWouldFit) {
  const std::string much = plan_of_gpu(80 * kGiB).hint_where_full(1024);
  EXPECT_NE(much.find("`batch_tokens` 512"), std::string::npos) << much;
  EXPECT_NE(much.find("`memory` 12801MiB"), std::string::npos) << much;  // 10 + 0.5 + 2 GiB
  EXPECT_NE(much.find("`offload`"), std::string::npos) << much;
  EXPECT_EQ(plan_of_gpu(12 * kGiB).hint_where_full(1024).find("`memory`"), std::string::npos);
  MemoryPlan streaming = plan_of_gpu(80 * kGiB);
  streaming.streamed = 9 * kGiB;
  streaming.window = kGiB;
  EXPECT_EQ(streaming.hint_where_full(1024).find("`offload`"), std::string::npos);
}

TEST(GpusWithKernels, AreThoseWithRoomForTheirTiles) {
  for (const int capability : {80, 87, 90}) EXPECT_TRUE(kernels::cuda::runs_on(capability)) << capability;
  for (const int capability : {70, 75, 86, 89, 100, 120}) EXPECT_FALSE(kernels::cuda::runs_on(capability)) << capability;
}

}  // namespace
}  // namespace hies::engine
