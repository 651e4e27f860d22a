#include "hies/prune/plan.h"

#include <gtest/gtest.h>

#include "hies/base/error.h"
#include "hies/prune/test_models.h"

namespace hies::prune {
namespace {

constexpr const char* kHash = "00112233445566778899aabbccddeeff";

Plan example() {
  Plan plan;
  plan.model = {kHash, "the config", "the tokenizer"};
  plan.removed = heads_of({{0, {1, 5}}, {10, {0}}});
  plan.information = {{"method", "hies"}, {"ratio", 0.3}};
  return plan;
}

// The error for the example with one change.
Error error_after(const std::function<void(Json&)>& change, ErrorKind kind = ErrorKind::bad_input) {
  Json json = to_json(example());
  change(json);
  Error error = error_of([&] { plan_from_json(json, "p.json"); });
  EXPECT_EQ(error.kind(), kind) << error.what();
  EXPECT_EQ(std::string(error.what()).find("p.json"), 0u) << error.what();
  return error;
}

TEST(Plan, ComesBackFromItsText) {
  const Plan plan = example();
  const std::string text = pretty(to_json(plan));
  const Plan back = plan_from_json(parse_json(text, "p.json"), "p.json");
  EXPECT_EQ(back.model, plan.model);
  EXPECT_EQ(back.units, "head");
  EXPECT_EQ(back.removed, plan.removed);
  EXPECT_EQ(back.removed_count(), 3);
  EXPECT_EQ(back.information, plan.information);
  EXPECT_EQ(pretty(to_json(back)), text);
}

TEST(Plan, InformationDoesNotBind) {
  Plan plan = example();
  plan.information["removed"] = {{"attention", {{"3", "3"}}}};
  plan.information["schema"] = "another";
  EXPECT_EQ(plan_from_json(to_json(plan), "p.json").removed, plan.removed);
  plan.information = Json::object();
  EXPECT_EQ(to_json(plan).size(), 4u);
}

TEST(Plan, MayBeEditedByHand) {
  const auto removed = [](const char* text) {
    const std::string head = R"({"schema": "hies.plan/2", "model": {"weights": "x", "path": "y"}, "units": "head", "removed": )";
    const Json json = parse_json(head + text + R"(, "removed_kv_heads": "nonsense", "note": null})", "p.json");
    return plan_from_json(json, "p.json").removed.text();
  };
  EXPECT_EQ(removed("{}"), "");
  EXPECT_EQ(removed(R"({"attention": {"2": []}})"), "");
  EXPECT_EQ(removed(R"({"attention": {"11": [5, 0, 3], "2": "7, 1-2"}, "ffn": {"0": "0-99"}})"),
            "ffn.0:0-99 attention.2:1-2,7 attention.11:0,3,5");
}

TEST(Plan, SchemaAndUnitsAreChecked) {
  error_after([](Json& j) { j["schema"] = "hies.scores/1"; });
  error_after([](Json& j) { j["schema"] = "hies.plan/3"; }, ErrorKind::unsupported);
  error_after([](Json& j) { j["units"] = "pair"; }, ErrorKind::unsupported);
  EXPECT_EQ(error_of([] { plan_from_json(Json::array(), "p.json"); }).kind(), ErrorKind::bad_input);
}

TEST(Plan, EveryBindingMemberIsMissedByName) {
  for (const char* key : {"schema", "model", "units", "removed"}) {
    expect_says(error_after([&](Json& j) { j.erase(key); }), fmt::format("'{}' is missing", key));
    expect_says(error_after([&](Json& j) { j[key] = 7; }), fmt::format("'{}' must be", key));
  }
  expect_says(error_after([](Json& j) { j["model"].erase("weights"); }), "'model.weights' is missing");
  expect_says(error_after([](Json& j) { j["model"]["weights"] = 7; }), "'model.weights' must be a string, found 7");
  expect_says(error_after([](Json& j) { j["removed"]["attention"]["0"] = "1-x"; }), "'removed.attention.0'");
}

// The example of version 1 with one change.
Json version_1() {
  return parse_json(R"({"schema": "hies.plan/1", "model": {"hash": "x", "path": "y"}, "units": "head",
    "pruned": {"0": [5, 1], "10": [0], "2": []}, "pruned_kv": "nonsense", "ratio": 0.3})",
                    "p.json");
}
Error version_1_error_after(const std::function<void(Json&)>& change) {
  Json json = version_1();
  change(json);
  Error error = error_of([&] { plan_from_json(json, "p.json"); });
  EXPECT_EQ(error.kind(), ErrorKind::bad_input) << error.what();
  EXPECT_EQ(std::string(error.what()).find("p.json"), 0u) << error.what();
  return error;
}

TEST(PlanVersion1, IsRead) {
  const Plan plan = plan_from_json(version_1(), "p.json");
  EXPECT_EQ(plan.model, model::ModelHashes{"x"});
  EXPECT_EQ(plan.removed.text(), "attention.0:1,5 attention.10:0");
  EXPECT_EQ(plan.information, (Json{{"pruned_kv", "nonsense"}, {"ratio", 0.3}}));
  expect_says(version_1_error_after([](Json& j) { j.erase("pruned"); }), "'pruned' is missing");
  expect_says(version_1_error_after([](Json& j) { j["model"].erase("hash"); }), "'model.");
}

TEST(PlanVersion1, LayersAreNumbersInText) {
  for (const char* key : {"", "-1", "+1", "01", "1 ", " 1", "1.0", "one", "99999999999999999999"})
    expect_says(version_1_error_after([&](Json& j) { j["pruned"][key] = {0}; }), fmt::format("key '{}'", key));
  expect_says(version_1_error_after([](Json& j) { j["pruned"] = {{1, 5}}; }), "'pruned' must be an object");
}

TEST(PlanVersion1, HeadsAreNumbersOnce) {
  expect_says(version_1_error_after([](Json& j) { j["pruned"]["3"] = {4, 1, 4}; }), "'pruned.3' lists head 4 twice");
  expect_says(version_1_error_after([](Json& j) { j["pruned"]["3"] = 4; }), "'pruned.3' must be a list of heads, found 4");
  for (const Json& value :
       {Json(-1), Json(1.0), Json("1"), Json(), Json(2147483648), Json(18446744073709551615ull), Json::array()})
    expect_says(version_1_error_after([&](Json& j) { j["pruned"]["3"] = Json::array({0, value}); }), "'pruned.3[1]'");
}

TEST(Plan, FitsItsModelOnly) {
  const model::Layout layout = layout_of({{{0, 1, 5}, {0, 1, 5}, 6, 6, 8}, {{}, {}, 6, 6, 8}});
  const model::ModelHashes model{kHash, "the config", "the tokenizer"};
  const auto error = [&](const std::string& set) {
    Plan plan = example();
    plan.removed = model::UnitSet::parse(set);
    Error found = error_of([&] { check_plan(plan, model, layout, "p.json"); });
    EXPECT_EQ(found.kind(), ErrorKind::bad_input);
    EXPECT_EQ(std::string(found.what()).find("p.json: "), 0u);
    EXPECT_EQ(error_of([&] { gates(plan, layout); }).kind(), ErrorKind::bad_input);
    EXPECT_EQ(error_of([&] { pruned_layout(plan, layout); }).kind(), ErrorKind::bad_input);
    return found;
  };
  Plan plan = example();
  plan.removed = heads_of({{0, {1, 5}}});
  EXPECT_NO_THROW(check_plan(plan, model, layout, "p.json"));
  const Error other = error_of([&] { check_plan(plan, {"ffff"}, layout, "p.json"); });
  expect_says(other, kHash);
  expect_says(other, "ffff");
  EXPECT_NE(other.hint().find("score this model"), std::string::npos);
  expect_says(error_of([&] { check_plan(plan, {kHash, "another"}, layout, "p.json"); }), "p.json: config.json differs");
  expect_says(error_of([&] { check_plan(plan, {kHash, "the config", "another"}, layout, "p.json"); }), "tokenizer");
  plan.model = {kHash};
  EXPECT_NO_THROW(check_plan(plan, model, layout, "p.json"));  // version 1 says nothing of the others
  expect_says(error("attention.2:0"), "no layer 2");
  expect_says(error("ffn.1:0"), "layer 1 has no ffn");
  expect_says(error("attention.0:6"), "layer 0 has no head 6");
  expect_says(error("attention.0:2"), "head 2 of layer 0 is already removed");
  EXPECT_EQ(error("attention.0:2").hint(), "that layer still has heads 0-1,5");
  expect_says(error("attention.1:0"), "head 0 of layer 1 is already removed");
  EXPECT_EQ(error("attention.1:0").hint(), "that layer has no heads left");
}

TEST(Plan, GatesAndWhatIsLeft) {
  // Layer 0: three query heads to a KV head, some removed. Layer 1: a KV head each.
  model::Layout layout = layout_of({{{0, 2, 3, 7, 8}, {0, 1, 2}, 9, 3, 8}, {{0, 1, 2}, {0, 1, 2}, 3, 3, 8}});
  layout[model::ffn_site(1)] = {{0, 1, 3}, {}, 4, 0, 1};
  Plan plan = example();
  plan.removed = model::UnitSet::parse("attention.0:2-3,7 attention.1:0-2 ffn.1:1");
  model::Gates expected = table_of<double>({{1, 0, 0, 0, 1}, {0, 0, 0}});
  expected[model::ffn_site(1)] = {1, 0, 1};
  EXPECT_EQ(gates(plan, layout), expected);
  model::Layout left = layout_of({{{0, 8}, {0, 2}, 9, 3, 8}, {{}, {}, 3, 3, 8}});
  left[model::ffn_site(1)] = {{0, 3}, {}, 4, 0, 1};
  EXPECT_EQ(pruned_layout(plan, layout), left);
  plan.removed = {};
  EXPECT_TRUE(gates(plan, layout).empty());
  EXPECT_EQ(pruned_layout(plan, layout), layout);
}

TEST(Plan, FileIsWrittenOnceUnlessForced) {
  const auto path = std::filesystem::path(testing::TempDir()) / "hies_plan_test.json";
  std::filesystem::remove(path);
  write_plan(path, example(), false);
  EXPECT_EQ(read_plan(path).removed, example().removed);
  EXPECT_EQ(error_of([&] { write_plan(path, example(), false); }).kind(), ErrorKind::bad_input);
  EXPECT_NO_THROW(write_plan(path, example(), true));
  std::filesystem::remove(path);
}

// The documentation's example is a plan.
TEST(Plan, DocumentedExampleIsRead) {
  const std::string block = documented_example("plan.json");
  const Plan plan = plan_from_json(parse_json(block, "docs/formats.md"), "docs/formats.md");
  EXPECT_EQ(plan.removed_count(), plan.information["heads"]["removed"]);
  EXPECT_EQ(pretty(to_json(plan)), block);  // as `hies plan` lays it out
}

}  // namespace
}  // namespace hies::prune
