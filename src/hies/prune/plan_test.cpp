#include "hies/prune/plan.h"

#include <gtest/gtest.h>

#include "hies/base/error.h"
#include "hies/prune/test_models.h"

namespace hies::prune {
namespace {

constexpr const char* kHash = "00112233445566778899aabbccddeeff";

Plan example() {
  Plan plan;
  plan.model_hash = kHash;
  plan.pruned = {{0, {1, 5}}, {10, {0}}};
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
  EXPECT_EQ(back.model_hash, plan.model_hash);
  EXPECT_EQ(back.units, "head");
  EXPECT_EQ(back.pruned, plan.pruned);
  EXPECT_EQ(back.pruned_count(), 3);
  EXPECT_EQ(back.information, plan.information);
  EXPECT_EQ(pretty(to_json(back)), text);
}

TEST(Plan, InformationDoesNotBind) {
  Plan plan = example();
  plan.information["pruned"] = {{"3", {3}}};
  plan.information["schema"] = "another";
  EXPECT_EQ(plan_from_json(to_json(plan), "p.json").pruned, plan.pruned);
  plan.information = Json::object();
  EXPECT_EQ(to_json(plan).size(), 4u);
}

TEST(Plan, MayBeEditedByHand) {
  const auto pruned = [](const char* text) {
    const std::string head = R"({"schema": "hies.plan/1", "model": {"hash": "x", "path": "y"}, "units": "head", "pruned": )";
    return plan_from_json(parse_json(head + text + R"(, "pruned_kv": "nonsense", "note": null})", "p.json"), "p.json").pruned;
  };
  using Pruned = std::map<int, std::vector<int>>;
  EXPECT_EQ(pruned("{}"), Pruned());
  EXPECT_EQ(pruned(R"({"2": []})"), Pruned());
  EXPECT_EQ(pruned(R"({"11": [5, 0, 3], "2": [7]})"), (Pruned{{2, {7}}, {11, {0, 3, 5}}}));
}

TEST(Plan, SchemaAndUnitsAreChecked) {
  error_after([](Json& j) { j["schema"] = "hies.scores/1"; });
  error_after([](Json& j) { j["schema"] = "hies.plan/2"; }, ErrorKind::unsupported);
  error_after([](Json& j) { j["units"] = "pair"; }, ErrorKind::unsupported);
  EXPECT_EQ(error_of([] { plan_from_json(Json::array(), "p.json"); }).kind(), ErrorKind::bad_input);
}

TEST(Plan, EveryBindingMemberIsMissedByName) {
  for (const char* key : {"schema", "model", "units", "pruned"}) {
    expect_says(error_after([&](Json& j) { j.erase(key); }), fmt::format("'{}' is missing", key));
    expect_says(error_after([&](Json& j) { j[key] = 7; }), fmt::format("'{}' must be", key));
  }
  expect_says(error_after([](Json& j) { j["model"].erase("hash"); }), "'model.hash' is missing");
  expect_says(error_after([](Json& j) { j["model"]["hash"] = 7; }), "'model.hash' must be a string, found 7");
}

TEST(Plan, LayersAreNumbersInText) {
  for (const char* key : {"", "-1", "+1", "01", "1 ", " 1", "1.0", "one", "99999999999999999999"})
    expect_says(error_after([&](Json& j) { j["pruned"][key] = {0}; }), fmt::format("key '{}'", key));
  expect_says(error_after([](Json& j) { j["pruned"] = {{1, 5}}; }), "'pruned' must be an object");
}

TEST(Plan, HeadsAreNumbersOnce) {
  expect_says(error_after([](Json& j) { j["pruned"]["3"] = {4, 1, 4}; }), "'pruned.3' lists head 4 twice");
  expect_says(error_after([](Json& j) { j["pruned"]["3"] = 4; }), "'pruned.3' must be a list of heads, found 4");
  for (const Json& value :
       {Json(-1), Json(1.0), Json("1"), Json(), Json(2147483648), Json(18446744073709551615ull), Json::array()})
    expect_says(error_after([&](Json& j) { j["pruned"]["3"] = Json::array({0, value}); }), "'pruned.3[1]'");
}

TEST(Plan, FitsItsModelOnly) {
  const model::HeadLayout layout = {{{0, 1, 5}, {0, 1, 5}, 6, 6, 8}, {{}, {}, 6, 6, 8}};
  const auto error = [&](int layer, int head) {
    Plan plan = example();
    plan.pruned = {{layer, {head}}};
    Error found = error_of([&] { check_plan(plan, kHash, layout, "p.json"); });
    EXPECT_EQ(found.kind(), ErrorKind::bad_input);
    EXPECT_EQ(std::string(found.what()).find("p.json: "), 0u);
    EXPECT_EQ(error_of([&] { gates(plan, layout); }).kind(), ErrorKind::bad_input);
    EXPECT_EQ(error_of([&] { pruned_layout(plan, layout); }).kind(), ErrorKind::bad_input);
    return found;
  };
  Plan plan = example();
  plan.pruned = {{0, {1, 5}}};
  EXPECT_NO_THROW(check_plan(plan, kHash, layout, "p.json"));
  const Error other = error_of([&] { check_plan(plan, "ffff", layout, "p.json"); });
  expect_says(other, kHash);
  expect_says(other, "ffff");
  EXPECT_NE(other.hint().find("score this model"), std::string::npos);
  expect_says(error(2, 0), "no layer 2");
  expect_says(error(-1, 0), "no layer -1");
  expect_says(error(0, 6), "layer 0 has no head 6");
  expect_says(error(0, -1), "layer 0 has no head -1");
  expect_says(error(0, 2), "head 2 of layer 0 is already gone");
  EXPECT_EQ(error(0, 2).hint(), "that layer still has heads 0, 1, 5");
  expect_says(error(1, 0), "head 0 of layer 1 is already gone");
}

TEST(Plan, GatesAndWhatIsLeft) {
  // Layer 0: three query heads to a KV head, some gone. Layer 1: a KV head each.
  const model::HeadLayout layout = {{{0, 2, 3, 7, 8}, {0, 1, 2}, 9, 3, 8}, {{0, 1, 2}, {0, 1, 2}, 3, 3, 8}};
  Plan plan = example();
  plan.pruned = {{0, {2, 3, 7}}, {1, {0, 1, 2}}};
  EXPECT_EQ(gates(plan, layout), (model::HeadGates{{1, 0, 0, 0, 1}, {0, 0, 0}}));
  EXPECT_EQ(pruned_layout(plan, layout), (model::HeadLayout{{{0, 8}, {0, 2}, 9, 3, 8}, {{}, {}, 3, 3, 8}}));
  plan.pruned.clear();
  EXPECT_EQ(gates(plan, layout), (model::HeadGates{{1, 1, 1, 1, 1}, {1, 1, 1}}));
  EXPECT_EQ(pruned_layout(plan, layout), layout);
}

TEST(Plan, FileIsWrittenOnceUnlessForced) {
  const auto path = std::filesystem::path(testing::TempDir()) / "hies_plan_test.json";
  std::filesystem::remove(path);
  write_plan(path, example(), false);
  EXPECT_EQ(read_plan(path).pruned, example().pruned);
  EXPECT_EQ(error_of([&] { write_plan(path, example(), false); }).kind(), ErrorKind::bad_input);
  EXPECT_NO_THROW(write_plan(path, example(), true));
  std::filesystem::remove(path);
}

// The documentation's example is a plan.
TEST(Plan, DocumentedExampleIsRead) {
  const std::string block = documented_example("plan.json");
  const Plan plan = plan_from_json(parse_json(block, "docs/formats.md"), "docs/formats.md");
  EXPECT_EQ(plan.pruned_count(), plan.information["heads"]["removed"]);
  EXPECT_EQ(pretty(to_json(plan)), block);  // as `hies plan` lays it out
}

}  // namespace
}  // namespace hies::prune
