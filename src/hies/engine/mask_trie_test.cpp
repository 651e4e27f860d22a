#include "hies/model/mask_trie.h"

#include <gtest/gtest.h>

#include "hies/base/error.h"

namespace hies::model {
namespace {

using Leaves = std::vector<std::vector<std::size_t>>;

TEST(MaskTrie, SharesLayersUpToTheFirstDifference) {
  const std::vector<HeadGates> masks = {
      {{1, 1}, {1, 0}, {1, 1}},
      {{1, 1}, {0, 1}, {1, 1}},
      {{1, 1}, {1, 0}, {0, 1}},
      {{0, 1}, {1, 0}, {1, 1}},
  };
  const MaskTrie trie(masks);
  ASSERT_EQ(trie.first().size(), 2u);
  const MaskTrie::Node& all = trie.first()[0];
  EXPECT_EQ(all.keep, (std::vector<std::uint8_t>{1, 1}));
  ASSERT_EQ(all.next.size(), 2u);
  EXPECT_EQ(all.next[0].keep, (std::vector<std::uint8_t>{1, 0}));
  EXPECT_EQ(all.next[0].next.size(), 2u);
  EXPECT_EQ(trie.node_count(), 2 + 3 + 4);
  EXPECT_EQ(trie.leaves(), (Leaves{{0}, {2}, {1}, {3}}));
}

TEST(MaskTrie, EqualMasksEndInOneLeaf) {
  const std::vector<HeadGates> masks = {{{0}, {1, 1}}, {{1}, {1, 1}}, {{0}, {1, 1}}};
  const MaskTrie trie(masks);
  EXPECT_EQ(trie.node_count(), 4);
  EXPECT_EQ(trie.leaves(), (Leaves{{1}, {0, 2}}));
}

TEST(MaskTrie, OrderDependsOnTheSetOnly) {
  const std::vector<HeadGates> masks = {{{1, 0}}, {{0, 0}}, {{0, 1}}, {{1, 1}}};
  EXPECT_EQ(MaskTrie(masks).leaves(), (Leaves{{3}, {0}, {2}, {1}}));
  const std::vector<HeadGates> shuffled = {masks[2], masks[3], masks[0], masks[1]};
  EXPECT_EQ(MaskTrie(shuffled).leaves(), (Leaves{{1}, {2}, {0}, {3}}));
}

TEST(MaskTrie, LayersWithoutHeadsAreOneChoice) {
  const std::vector<HeadGates> masks = {{{}, {1}}, {{}, {0}}};
  EXPECT_EQ(MaskTrie(masks).node_count(), 3);
}

TEST(MaskTrie, NoMasks) { EXPECT_TRUE(MaskTrie({}).leaves().empty()); }

TEST(MaskTrie, RefusesWhatIsNoMask) {
  const std::vector<HeadGates> between = {{{0.5, 1}}}, unequal = {{{1}}, {{1}, {1}}}, none = {{}};
  for (const auto& masks : {between, unequal, none}) EXPECT_THROW(MaskTrie{masks}, Error);
}

}  // namespace
}  // namespace hies::model
