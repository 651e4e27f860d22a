// Sites, layouts and tables over units.

#include <gtest/gtest.h>

#include <type_traits>

#include "hies/base/test_files.h"
#include "hies/model/layout.h"
#include "hies/model/unit_table.h"

namespace hies::model {
namespace {

// Six query heads on two KV heads, of which heads 0 and 2 are removed; 4 is padding.
SiteLayout heads() { return {{1, 3, 4, 5}, {0, 1}, 6, 2, 8, {4}}; }

TEST(Site, IsOrderedByLayerThenKind) {
  EXPECT_LT(attention_site(0), ffn_site(0));
  EXPECT_LT(ffn_site(0), attention_site(1));
  EXPECT_LT((UnitId{attention_site(1), 2}), (UnitId{attention_site(1), 3}));
  EXPECT_LT((UnitId{attention_site(1), 9}), (UnitId{ffn_site(1), 0}));
}

TEST(Site, KindsHaveNames) {
  for (const SiteKind kind : {SiteKind::attention, SiteKind::cross_attention, SiteKind::ffn})
    EXPECT_EQ(parse_site_kind(site_kind_name(kind)), kind);
  const Error error = error_of([] { parse_site_kind("atention"); });
  EXPECT_EQ(error.kind(), ErrorKind::bad_input);
  EXPECT_NE(error.hint().find("attention"), std::string::npos) << error.hint();
}

TEST(SiteLayout, SaysWhatIsPresent) {
  const SiteLayout site = heads();
  EXPECT_EQ(site.count(), 4);
  EXPECT_EQ(site.width(), 32);
  EXPECT_EQ(site.kv_width(), 16);
  EXPECT_TRUE(site.grouped());
  EXPECT_EQ(site.position_of(4), 2);
  EXPECT_EQ(site.position_of(2), -1);
  EXPECT_EQ(site.position_of(6), -1);
  EXPECT_EQ(site.active(), (std::vector<int>{1, 3, 5}));
  EXPECT_TRUE(site.is_active(5));
  EXPECT_FALSE(site.is_active(4));  // padding
  EXPECT_FALSE(site.is_active(0));  // removed
  EXPECT_EQ(site.kv_of(2), 0);
  EXPECT_EQ(site.kv_of(3), 1);
  EXPECT_EQ(site.kv_positions(), (std::vector<std::int32_t>{0, 1, 1, 1}));
}

TEST(SiteLayout, KeepsKvHeadsThatAreRead) {
  const SiteLayout left = heads().kept({0, 1, 0, 1});
  EXPECT_EQ(left, (SiteLayout{{3, 5}, {1}, 6, 2, 8, {}}));
  EXPECT_EQ(left.kv_positions(), (std::vector<std::int32_t>{0, 0}));
  EXPECT_EQ(heads().kept({1, 0, 1, 0}), (SiteLayout{{1, 4}, {0, 1}, 6, 2, 8, {4}}));
  EXPECT_EQ(heads().kept({0, 0, 0, 0}), (SiteLayout{{}, {}, 6, 2, 8, {}}));
  EXPECT_THROW(heads().kept({1, 1}), Error);
  EXPECT_EQ(heads().without({1, 4}), left);
  EXPECT_EQ(heads().without({}), heads());
  EXPECT_THROW(heads().without({0}), Error);
}

TEST(SiteLayout, NeuronsHaveNoKvHeads) {
  const SiteLayout neurons{{0, 2, 3}, {}, 4, 0, 1};
  EXPECT_FALSE(neurons.grouped());
  EXPECT_EQ(neurons.width(), 3);
  EXPECT_EQ(neurons.kv_width(), 0);
  EXPECT_EQ(neurons.kept({1, 0, 1}), (SiteLayout{{0, 3}, {}, 4, 0, 1}));
}

TEST(Layout, CountsUnitsOfAKind) {
  Layout layout;
  EXPECT_EQ(layout.layer_count(), 0);
  layout[ffn_site(1)] = {{0, 1, 2}, {}, 4, 0, 1};
  layout[attention_site(1)] = heads();
  layout[attention_site(0)] = {{0, 1}, {0, 1}, 2, 2, 8};
  EXPECT_EQ(layout.layer_count(), 2);
  EXPECT_EQ(layout.sites(SiteKind::attention), (std::vector<Site>{attention_site(0), attention_site(1)}));
  EXPECT_EQ(layout.sites(SiteKind::ffn), std::vector<Site>{ffn_site(1)});
  EXPECT_TRUE(layout.sites(SiteKind::cross_attention).empty());
  EXPECT_EQ(layout.count(SiteKind::attention), 6);
  EXPECT_EQ(layout.padding_count(SiteKind::attention), 1);
  EXPECT_EQ(layout.active_count(SiteKind::attention), 5);
  EXPECT_EQ(layout.count(SiteKind::ffn), 3);
  EXPECT_EQ(layout.ffn(1).count(), 3);
  EXPECT_EQ(error_of([&] { layout.ffn(0); }).kind(), ErrorKind::internal);
}

TEST(UnitTable, HasARowForEachSiteOfItsKind) {
  Layout layout;
  layout[attention_site(0)] = {{0, 1}, {0, 1}, 2, 2, 8};
  layout[attention_site(1)] = heads();
  layout[ffn_site(1)] = {{0, 1, 2}, {}, 4, 0, 1};
  UnitTable<double> table(layout, SiteKind::attention, 1.5);
  EXPECT_EQ(table.size(), 2u);
  EXPECT_EQ(table.attention(1), std::vector<double>(4, 1.5));
  EXPECT_FALSE(table.contains(ffn_site(1)));
  EXPECT_EQ(error_of([&] { table.at(ffn_site(1)); }).kind(), ErrorKind::internal);
  table[ffn_site(1)].push_back(2);
  EXPECT_EQ(table.at(ffn_site(1)), std::vector<double>{2});
  EXPECT_NE(table, UnitTable<double>(layout, SiteKind::attention, 1.5));
  EXPECT_TRUE(UnitTable<double>().empty());
}

}  // namespace
}  // namespace hies::model
