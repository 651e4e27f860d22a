#include "hies/model/unit_set.h"

#include <gtest/gtest.h>

#include "hies/base/test_files.h"

namespace hies::model {
namespace {

UnitSet set_of(std::string_view text) { return UnitSet::parse(text); }

TEST(UnitSet, TextIsCanonical) {
  UnitSet set;
  EXPECT_EQ(set.text(), "");
  set.insert(ffn_site(3), {2, 0, 1});
  set.insert(attention_site(0), 7);
  set.insert(attention_site(0), {6, 5, 1, 7});
  set.insert(attention_site(2), std::vector<int>{});
  EXPECT_EQ(set.text(), "attention.0:1,5-7 ffn.3:0-2");
  EXPECT_EQ(set.count(), 7);
  EXPECT_EQ(set.count(SiteKind::ffn), 3);
}

TEST(UnitSet, TextIsReadBackInAnyOrder) {
  for (const char* text : {"", "attention.0:1,5-7 ffn.3:0-511", "attention.0:3 cross_attention.0:0 ffn.0:1-2 attention.11:4"})
    EXPECT_EQ(set_of(text).text(), text);
  EXPECT_EQ(set_of("ffn.3:2,0-1  attention.0:7,5,6,1,6"), set_of("attention.0:1,5-7 ffn.3:0-2"));
  EXPECT_EQ(set_of("attention.0:1 attention.0:2"), set_of("attention.0:1-2"));
}

TEST(UnitSet, TextThatIsNoneIsQuoted) {
  for (const char* text : {"attention", "attention.0", "0:1", "attention.0:a", "attention.x:1", "attention.-1:1",
                           "attention.0:5-3", "attention.0:1-", "attention.0:-1", "attention.0:1-2-3", "heads.0:1",
                           "attention.0:99999999999", "attention.0:0-4294967296", "attention.0.5:1", "attention:0:1"}) {
    const Error error = error_of([&] { UnitSet::parse(text); });
    EXPECT_EQ(error.kind(), ErrorKind::bad_input) << text;
  }
  EXPECT_NE(std::string(error_of([] { set_of("attention.0:1,x"); }).what()).find("'x' in '1,x'"), std::string::npos);
}

TEST(UnitSet, JsonIsReadBack) {
  const UnitSet set = set_of("attention.0:1,5-7 attention.10:0 ffn.3:0-511");
  const Json json = to_json(set);
  EXPECT_EQ(json.dump(), R"({"attention":{"0":"1,5-7","10":"0"},"ffn":{"3":"0-511"}})");
  EXPECT_EQ(unit_set_from_json(json, "file"), set);
  EXPECT_EQ(to_json(UnitSet{}).dump(), "{}");
  EXPECT_TRUE(unit_set_from_json(Json::object(), "file").empty());
  // People write lists of numbers, in any order, and layers that lose nothing.
  EXPECT_EQ(
      unit_set_from_json(
          parse_json(R"({"attention": {"0": [7, 1, 5, 6], "1": [], "10": [0], "2": ""}, "ffn": {"3": "0-511"}})", "x"), "file"),
      set);
}

TEST(UnitSet, BadJsonNamesFileAndKey) {
  const auto refused = [](const char* text, std::string_view part) {
    const Error error = error_of([&] { unit_set_from_json(parse_json(text, "text"), "plan.json"); });
    EXPECT_EQ(error.kind(), ErrorKind::bad_input) << text;
    EXPECT_NE(std::string_view(error.what()).find(part), std::string_view::npos) << error.what() << " lacks " << part;
    EXPECT_NE(std::string_view(error.what()).find("plan.json"), std::string_view::npos) << error.what();
  };
  refused(R"([1])", "object");
  refused(R"({"heads": {"0": "1"}})", "heads");
  refused(R"({"attention": [1]})", "attention");
  refused(R"({"attention": {"first": "1"}})", "first");
  refused(R"({"attention": {"0": 1}})", "attention.0");
  refused(R"({"attention": {"0": "1-"}})", "attention.0");
  refused(R"({"attention": {"0": [1, 1]}})", "names 1 twice");
  refused(R"({"attention": {"0": "3,2-4"}})", "names 3 twice");
  refused(R"({"attention": {"0": [-1]}})", "attention.0");
}

TEST(UnitSet, RangesAreRuns) {
  EXPECT_EQ(range_text({}), "");
  EXPECT_EQ(range_text({4}), "4");
  EXPECT_EQ(range_text({0, 1, 3, 5, 6, 7}), "0-1,3,5-7");
  EXPECT_EQ(parse_ranges(" 0-1 , 3,5-7"), (std::vector<int>{0, 1, 3, 5, 6, 7}));
  EXPECT_TRUE(parse_ranges("").empty());
}

TEST(UnitSet, SetOperations) {
  const UnitSet set = set_of("attention.0:1-3 ffn.0:4 attention.1:0");
  EXPECT_TRUE(set.contains(attention_site(0), 2));
  EXPECT_FALSE(set.contains(attention_site(0), 4));
  EXPECT_FALSE(set.contains(ffn_site(1), 4));
  EXPECT_TRUE(set.at(attention_site(7)).empty());
  EXPECT_EQ(set.of(SiteKind::attention), set_of("attention.0:1-3 attention.1:0"));
  EXPECT_EQ(set.of_layer(0), set_of("attention.0:1-3 ffn.0:4"));
  EXPECT_EQ(set.without(set_of("attention.0:2 attention.1:0 attention.9:9")), set_of("attention.0:1,3 ffn.0:4"));
  EXPECT_TRUE(set.without(set).empty());
  EXPECT_TRUE(set.includes(set_of("attention.0:1,3")));
  EXPECT_TRUE(set.includes({}));
  EXPECT_FALSE(set.includes(set_of("attention.0:1,4")));
  EXPECT_FALSE(set.includes(set_of("attention.2:1")));
  UnitSet both = set;
  both.insert(set_of("attention.0:0,1 attention.2:5"));
  EXPECT_EQ(both, set_of("attention.0:0-3 ffn.0:4 attention.1:0 attention.2:5"));
}

TEST(UnitSet, EqualSetsHaveEqualHashes) {
  UnitSet a, b;
  a.insert(attention_site(0), {3, 1});
  a.insert(ffn_site(0), 2);
  b.insert(ffn_site(0), 2);
  b.insert(attention_site(0), {1, 3});
  EXPECT_EQ(a, b);
  EXPECT_EQ(a.hash(), b.hash());
  EXPECT_EQ(a.hash().size(), 32u);
  b.insert(attention_site(0), 2);
  EXPECT_NE(a.hash(), b.hash());
  EXPECT_NE(set_of("attention.0:1").hash(), set_of("attention.1:0").hash());
  EXPECT_NE(set_of("attention.0:1").hash(), set_of("ffn.0:1").hash());
}

TEST(UnitSet, GatesAndBack) {
  Layout layout;
  layout[attention_site(0)] = {{0, 2, 3}, {0, 2, 3}, 4, 4, 8};
  layout[ffn_site(0)] = {{0, 1}, {}, 2, 0, 1};
  const UnitSet removed = set_of("attention.0:2 ffn.0:0-1");
  const Gates gates = gates_without(removed, layout);
  EXPECT_EQ(gates.at(attention_site(0)), (std::vector<double>{1, 0, 1}));
  EXPECT_EQ(gates.at(ffn_site(0)), (std::vector<double>{0, 0}));
  EXPECT_EQ(removed_by(gates, layout), removed);
  EXPECT_TRUE(gates_without({}, layout).empty());
  EXPECT_EQ(error_of([&] { gates_without(set_of("attention.0:1"), layout); }).kind(), ErrorKind::internal);
  EXPECT_EQ(error_of([&] { gates_without(set_of("attention.1:0"), layout); }).kind(), ErrorKind::internal);
  Gates between;
  between[attention_site(0)] = {1, 0.5, 1};
  EXPECT_EQ(error_of([&] { removed_by(between, layout); }).kind(), ErrorKind::internal);
}

}  // namespace
}  // namespace hies::model
