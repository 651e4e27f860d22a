#include "hies/engine/mask_trie.h"

#include <gtest/gtest.h>

#include "hies/base/error.h"

namespace hies::engine {
namespace {

using Leaves = std::vector<std::vector<std::size_t>>;
using Kept = std::vector<std::vector<int>>;  // by layer and head: 1 kept, 0 removed

model::Layout layout_of(const Kept& mask) {
  model::Layout layout;
  for (std::size_t layer = 0; layer < mask.size(); ++layer) {
    model::SiteLayout& heads = layout[model::attention_site(static_cast<int>(layer))];
    for (int head = 0; head < static_cast<int>(mask[layer].size()); ++head) heads.units.push_back(head);
    heads.kv_heads = heads.units;
    heads.original_units = heads.original_kv_heads = heads.count();
    heads.unit_size = 4;
  }
  return layout;
}

MaskTrie trie_of(const std::vector<Kept>& masks) {
  std::vector<model::UnitSet> removed(masks.size());
  for (std::size_t i = 0; i < masks.size(); ++i)
    for (std::size_t layer = 0; layer < masks[i].size(); ++layer)
      for (std::size_t head = 0; head < masks[i][layer].size(); ++head)
        if (masks[i][layer][head] == 0) removed[i].insert(model::attention_site(static_cast<int>(layer)), static_cast<int>(head));
  return {removed, layout_of(masks.front())};
}

TEST(MaskTrie, SharesLayersUpToTheFirstDifference) {
  const std::vector<Kept> masks = {
      {{1, 1}, {1, 0}, {1, 1}},
      {{1, 1}, {0, 1}, {1, 1}},
      {{1, 1}, {1, 0}, {0, 1}},
      {{0, 1}, {1, 0}, {1, 1}},
  };
  const MaskTrie trie = trie_of(masks);
  ASSERT_EQ(trie.first().size(), 2u);
  const MaskTrie::Node& all = trie.first()[0];
  EXPECT_TRUE(all.removed.empty());
  ASSERT_EQ(all.next.size(), 2u);
  EXPECT_EQ(all.next[0].removed.text(), "attention.1:1");
  EXPECT_EQ(all.next[0].next.size(), 2u);
  EXPECT_EQ(trie.node_count(), 2 + 3 + 4);
  EXPECT_EQ(trie.leaves(), (Leaves{{0}, {2}, {1}, {3}}));
}

TEST(MaskTrie, EqualMasksEndInOneLeaf) {
  const std::vector<Kept> masks = {{{0}, {1, 1}}, {{1}, {1, 1}}, {{0}, {1, 1}}};
  const MaskTrie trie = trie_of(masks);
  EXPECT_EQ(trie.node_count(), 4);
  EXPECT_EQ(trie.leaves(), (Leaves{{1}, {0, 2}}));
}

TEST(MaskTrie, OrderDependsOnTheSetOnly) {
  const std::vector<Kept> masks = {{{1, 0}}, {{0, 0}}, {{0, 1}}, {{1, 1}}};
  EXPECT_EQ(trie_of(masks).leaves(), (Leaves{{3}, {0}, {2}, {1}}));
  const std::vector<Kept> shuffled = {masks[2], masks[3], masks[0], masks[1]};
  EXPECT_EQ(trie_of(shuffled).leaves(), (Leaves{{1}, {2}, {0}, {3}}));
}

TEST(MaskTrie, LayersWithoutHeadsAreOneChoice) {
  const std::vector<Kept> masks = {{{}, {1}}, {{}, {0}}};
  EXPECT_EQ(trie_of(masks).node_count(), 3);
}

TEST(MaskTrie, NoMasks) { EXPECT_TRUE(MaskTrie({}, layout_of({{1}})).leaves().empty()); }

// A choice may be one of neurons as well as of heads.
TEST(MaskTrie, UnitsOfEverySiteOfALayerAreOneChoice) {
  model::Layout layout = layout_of({{1, 1}, {1, 1}});
  for (int layer = 0; layer < 2; ++layer) layout[model::ffn_site(layer)] = {{0, 1, 2}, {}, 3, 0, 1, {}};
  std::vector<model::UnitSet> masks(3);
  masks[1].insert(model::ffn_site(0), {0, 2});
  masks[2].insert(model::ffn_site(0), {0, 2});
  masks[2].insert(model::attention_site(1), 1);
  const MaskTrie trie(masks, layout);
  ASSERT_EQ(trie.first().size(), 2u);
  EXPECT_EQ(trie.first()[1].removed.text(), "ffn.0:0,2");
  EXPECT_EQ(trie.leaves(), (Leaves{{0}, {1}, {2}}));
}

TEST(MaskTrie, RefusesUnitsThatAreNotThere) {
  model::UnitSet mask;
  mask.insert(model::attention_site(0), 7);
  EXPECT_THROW(MaskTrie({&mask, 1}, layout_of({{1, 1}})), Error);
}

}  // namespace
}  // namespace hies::engine
