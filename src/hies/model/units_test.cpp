#include "hies/model/units.h"

#include <gtest/gtest.h>

#include "hies/base/test_files.h"

namespace hies::model {
namespace {

Layout layout_of(const std::vector<SiteLayout>& attention) {
  Layout layout;
  for (std::size_t layer = 0; layer < attention.size(); ++layer)
    layout[attention_site(static_cast<int>(layer))] = attention[layer];
  return layout;
}

// Two layers of six query heads, three to a KV head; the second has lost KV head 0, and its head 4 is padding.
Layout grouped() { return layout_of({{{0, 1, 2, 3, 4, 5}, {0, 1}, 6, 2, 8}, {{3, 4, 5}, {1}, 6, 2, 8, {4}}}); }

UnitGroups groups_of(const std::vector<std::vector<std::vector<int>>>& rows) {
  UnitGroups groups;
  for (std::size_t layer = 0; layer < rows.size(); ++layer) groups[attention_site(static_cast<int>(layer))] = rows[layer];
  return groups;
}

UnitGroups heads_as(UnitKind kind, const UnitTable<double>& keep_scores = {}) {
  return make_units(grouped(), SiteKind::attention, kind, keep_scores);
}

TEST(Units, AreHeadsGroupsOrRows) {
  EXPECT_EQ(heads_as(UnitKind::head), groups_of({{{0}, {1}, {2}, {3}, {4}, {5}}, {{3}, {5}}}));
  EXPECT_EQ(heads_as(UnitKind::kv_group), groups_of({{{0, 1, 2}, {3, 4, 5}}, {{3, 5}}}));
  // The lowest of each group are removed together.
  UnitTable<double> keep_scores;
  keep_scores[attention_site(0)] = {5, 1, 3, 2, 9, 7};
  keep_scores[attention_site(1)] = {1, 0};
  EXPECT_EQ(heads_as(UnitKind::even, keep_scores), groups_of({{{0, 4}, {1, 3}, {2, 5}}, {{3}, {5}}}));
}

TEST(Units, NeuronsAreRemovedOneByOne) {
  Layout layout = grouped();
  layout[ffn_site(1)] = {{0, 2, 5}, {}, 6, 0, 1};
  UnitGroups neurons;
  neurons[ffn_site(1)] = {{0}, {2}, {5}};
  for (const UnitKind kind : {UnitKind::head, UnitKind::kv_group, UnitKind::even})
    EXPECT_EQ(make_units(layout, SiteKind::ffn, kind), neurons) << unit_name(kind);
  EXPECT_EQ(make_units(layout, SiteKind::attention, UnitKind::kv_group), heads_as(UnitKind::kv_group));
}

TEST(Units, DefaultToGroupsWhereHeadsShareKeys) {
  EXPECT_EQ(default_unit_kind(grouped()), UnitKind::kv_group);
  EXPECT_EQ(default_unit_kind(layout_of({{{0, 1}, {0, 1}, 2, 2, 8}})), UnitKind::head);
  EXPECT_EQ(default_unit_kind({}), UnitKind::head);
  EXPECT_EQ(chosen_unit_kind("", grouped()), UnitKind::kv_group);
  EXPECT_EQ(chosen_unit_kind("head", grouped()), UnitKind::head);
}

TEST(Units, EvenNeedsGroupsOfOneSize) {
  UnitTable<double> keep_scores;
  keep_scores[attention_site(0)] = {1, 2, 3};
  const Layout uneven = layout_of({{{0, 1, 3}, {0, 1}, 6, 2, 8}});
  const Error error = error_of([&] { make_units(uneven, SiteKind::attention, UnitKind::even, keep_scores); });
  EXPECT_EQ(error.kind(), ErrorKind::bad_input);
  EXPECT_NE(std::string(error.what()).find("layer 0 have 2 and 1 heads"), std::string::npos) << error.what();
}

TEST(Units, HaveNames) {
  for (const UnitKind kind : {UnitKind::head, UnitKind::kv_group, UnitKind::even})
    EXPECT_EQ(parse_unit_kind(unit_name(kind)), kind);
  EXPECT_EQ(error_of([] { parse_unit_kind("pair"); }).kind(), ErrorKind::bad_input);
}

}  // namespace
}  // namespace hies::model
