#include "hies/model/units.h"

#include <gtest/gtest.h>

#include "hies/base/test_files.h"

namespace hies::model {
namespace {

// Two layers of six query heads, three to a KV head; the second has lost KV head 0, and its head 4 is dead.
const HeadLayout kLayout = {{{0, 1, 2, 3, 4, 5}, {0, 1}, 6, 2, 8}, {{3, 4, 5}, {1}, 6, 2, 8, {4}}};

TEST(Units, AreHeadsGroupsOrRows) {
  EXPECT_EQ(make_units(kLayout, UnitKind::head), (UnitLayout{{{0}, {1}, {2}, {3}, {4}, {5}}, {{3}, {5}}}));
  EXPECT_EQ(make_units(kLayout, UnitKind::kv_group), (UnitLayout{{{0, 1, 2}, {3, 4, 5}}, {{3, 5}}}));
  // The lowest of each group go together.
  EXPECT_EQ(make_units(kLayout, UnitKind::even, {{5, 1, 3, 2, 9, 7}, {1, 0}}),
            (UnitLayout{{{0, 4}, {1, 3}, {2, 5}}, {{3}, {5}}}));
}

TEST(Units, DefaultToGroupsWhereHeadsShareKeys) {
  EXPECT_EQ(default_unit_kind(kLayout), UnitKind::kv_group);
  EXPECT_EQ(default_unit_kind({{{0, 1}, {0, 1}, 2, 2, 8}}), UnitKind::head);
  EXPECT_EQ(default_unit_kind({}), UnitKind::head);
}

TEST(Units, EvenNeedsGroupsOfOneSize) {
  const HeadLayout uneven = {{{0, 1, 3}, {0, 1}, 6, 2, 8}};
  const Error error = error_of([&] { make_units(uneven, UnitKind::even, {{1, 2, 3}}); });
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
