#include "hies/prune/test_surgery.h"

namespace hies::prune {
namespace {

class RealSurgery : public SurgeryTest {
 protected:
  static std::filesystem::path model(const std::string& name) { return std::filesystem::path(HIES_SHARED_DIR) / "models" / name; }
};

TEST_F(RealSurgery, ThreeShardsStayThreeAndShrinkByTheRemovedHeads) {
  if (!std::filesystem::exists(model("minilm-sst2"))) GTEST_SKIP() << "no ../shared/models";
  const auto source = arch::Checkpoint::open(model("minilm-sst2"));
  const Plan plan = plan_for(source, [](int layer, int head) { return (head + layer) % 3 == 0; });
  ASSERT_EQ(plan.removed_count(), 24);
  const auto result = pruned(source, plan, "out");
  EXPECT_EQ(result.store().files().size(), 3U);
  std::size_t before = 0;
  std::size_t after = 0;
  for (const auto& view : source.store().tensors()) {
    before += view.bytes.size();
    after += result.store().find(view.name)->bytes.size();
  }
  // A head of size 32 has rows of Q, K, V [32, 384] with biases and columns [384, 32], two bytes each.
  EXPECT_EQ(before - after, 24U * 2 * (4 * 32 * 384 + 3 * 32));
  EXPECT_EQ(result.spec().layout.count(model::SiteKind::attention), 48);
}

TEST_F(RealSurgery, RemovingNothingKeepsEveryByte) {
  if (!std::filesystem::exists(model("minilm-sst2"))) GTEST_SKIP() << "no ../shared/models";
  for (const char* name : {"minilm-sst2", "demo-sst2"}) {
    const auto source = arch::Checkpoint::open(model(name));
    const auto result = pruned(source, plan_for(source, [](int, int) { return false; }), name);
    ASSERT_EQ(result.store().tensors().size(), source.store().tensors().size());
    for (std::size_t i = 0; i < result.store().tensors().size(); ++i)
      expect_same_tensor(result.store().tensors()[i], source.store().tensors()[i]);
  }
}

}  // namespace
}  // namespace hies::prune
