#include "hies/score/scores.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "hies/base/files.h"
#include "hies/base/test_files.h"
#include "hies/score/test_tables.h"

namespace hies::score {
namespace {

const model::Site kFirst = model::attention_site(0), kFfn = model::ffn_site(0), kSecond = model::attention_site(1);

// Grouped KV heads, one layer empty, one head padding; a feed-forward network.
Scores example() {
  Scores s;
  s.model_info = {"models/small", "bert", {"00112233445566778899aabbccddeeff", "the config", std::nullopt}};
  s.options = {{"loss", "ce"}, {"tables", {"his", "ae"}}};
  s.calibration = {"reviews.tsv", 32, 700, "ffeeddccbbaa99887766554433221100", 0.25};
  s.layout = layout_of({{{0, 1, 3}, {0, 1}, 4, 2, 16, {1}}, {{}, {}, 4, 2, 16}});
  s.layout[kFfn] = {{0, 1, 2, 5}, {}, 6, 0, 1};
  s.cost = {1000, 1.5e6, 21.875, {{kFirst, {100, 200.5}}, {kFfn, {33, 66}}, {kSecond, {}}}, {{kFirst, {50, 100}}, {kSecond, {}}}};
  s.tables["his"] = table_of({{0.1, 1.0 / 3, 1e-300}, {}});
  s.tables["ae"] = table_of({{0.5, 0.25, 1}, {}});
  s.tables["output_norm"] = table_of({{1, 2, 1.5}, {}});
  s.tables["a later statistic of neurons"][kFfn] = {1, 2, 3, 4};
  s.site_values["output_norm"] = {{kFirst, 2.5}, {kSecond, 0}};
  s.constants["curvature"] = 0.5;
  s.timings["run_ms"] = 12.5;
  return s;
}

// The message for the example with one change.
std::string message_after(const std::function<void(Json&)>& change, ErrorKind kind = ErrorKind::bad_input) {
  Json json = to_json(example());
  change(json);
  const Error error = error_of([&] { scores_from_json(json, "s.json"); });
  EXPECT_EQ(error.kind(), kind) << error.what();
  EXPECT_EQ(std::string(error.what()).find("s.json"), 0u) << error.what();
  return error.what();
}

void expect_names(const std::string& message, const std::string& key) {
  EXPECT_NE(message.find("'" + key + "'"), std::string::npos) << message;
}

TEST(Scores, ComeBackFromTheirText) {
  const Scores s = example();
  const std::string text = pretty(to_json(s));
  const Scores back = scores_from_json(parse_json(text, "s.json"), "s.json");
  EXPECT_EQ(pretty(to_json(back)), text);
  EXPECT_EQ(back.layout, s.layout);
  EXPECT_EQ(back.tables, s.tables);  // every bit: JSON numbers are written in full
  EXPECT_EQ(back.site_values, s.site_values);
  EXPECT_EQ(back.constants, s.constants);
  EXPECT_EQ(back.unit_costs(), s.unit_costs());
  EXPECT_EQ(back.kv_head_costs(), s.kv_head_costs());
  EXPECT_EQ(back.calibration.mean_loss, s.calibration.mean_loss);
  EXPECT_EQ(back.model_info.hashes, s.model_info.hashes);
}

// What a plan would look for in vain.
TEST(Scores, WhatIsNeededMayNot) {
  const auto expect_lacks = [](const std::string& what, const std::function<void(Json&)>& change) {
    const std::string message = message_after(change);
    EXPECT_NE(message.find(what), std::string::npos) << message;
  };
  expect_lacks("'sites' has no costs of the attention of layer 0", [](Json& json) { json["sites"][0].erase("unit_cost"); });
  expect_lacks("'sites' has no costs of the attention of layer 0", [](Json& json) { json["sites"][0].erase("kv_head_cost"); });
  expect_lacks("'sites' has no costs of the ffn of layer 0", [](Json& json) { json["sites"][1].erase("unit_cost"); });
  expect_lacks("more than any model computes", [](Json& json) { json["sites"][0]["unit_cost"]["flops_per_token"] = 1e308; });
  expect_lacks("'sites' has no attention of layer 2", [](Json& json) { json["sites"][1]["layer"] = 7; });
  expect_lacks("'scores.ae' has nothing of 'attention'", [](Json& json) { json["scores"]["ae"] = Json::object(); });
  expect_lacks("'site_values.output_norm' has nothing of",
               [](Json& json) { json["site_values"]["output_norm"] = Json::object(); });
}

TEST(Scores, WhatIsOptionalMayBeMissing) {
  Scores s = example();
  s.calibration.mean_loss.reset();
  s.site_values.clear();
  s.constants.clear();
  s.timings.clear();
  Json json = to_json(s);
  EXPECT_TRUE(json["calibration"]["mean_loss"].is_null());
  EXPECT_FALSE(json.contains("site_values") || json.contains("constants"));
  json.erase("timings");
  json["model"].erase("path");
  json["calibration"].erase("file");
  json["a later version's"] = "addition";
  const Scores back = scores_from_json(json, "s.json");
  EXPECT_FALSE(back.calibration.mean_loss || !back.site_values.empty() || !back.constants.empty());
}

TEST(Scores, CostsOfEveryUnit) {
  const auto units = example().unit_costs();
  ASSERT_EQ(units.size(), 3u);
  EXPECT_EQ(units.at(kFirst).size(), 3u);
  EXPECT_EQ(units.at(kFirst)[2].flops_per_token, 200.5);
  EXPECT_EQ(units.at(kFfn), std::vector<model::UnitCost>(4, {33, 66}));
  EXPECT_TRUE(units.at(kSecond).empty());
  EXPECT_EQ(example().kv_head_costs().at(kFirst), std::vector<model::UnitCost>(2, {50, 100}));
}

TEST(Scores, SchemaIsChecked) {
  message_after([](Json& j) { j["schema"] = "hies.plan/1"; });
  message_after([](Json& j) { j["schema"] = "hies.scores/3"; }, ErrorKind::unsupported);
  expect_names(message_after([](Json& j) { j.erase("schema"); }), "schema");
  EXPECT_EQ(error_of([] { scores_from_json(Json::array(), "s.json"); }).kind(), ErrorKind::bad_input);
}

TEST(Scores, EveryRequiredMemberIsMissedByName) {
  for (const char* key : {"model", "options", "calibration", "cost", "sites", "scores"})
    expect_names(message_after([&](Json& j) { j.erase(key); }), key);
  for (const char* key : {"layer", "kind", "units", "original_units", "original_kv_heads", "unit_size"})
    expect_names(message_after([&](Json& j) { j["sites"][0].erase(key); }), std::string("sites[0].") + key);
  expect_names(message_after([](Json& j) { j["model"].erase("weights"); }), "model.weights");
  expect_names(message_after([](Json& j) { j["calibration"].erase("mean_loss"); }), "calibration.mean_loss");
  expect_names(message_after([](Json& j) { j["sites"][1]["unit_cost"].erase("parameters"); }), "sites[1].unit_cost.parameters");
}

TEST(Scores, CostsAreNotNegative) {
  expect_names(message_after([](Json& j) { j["cost"]["flops_per_token"] = -1; }), "cost.flops_per_token");
  expect_names(message_after([](Json& j) { j["sites"][0]["kv_head_cost"]["flops_per_token"] = -0.5; }),
               "sites[0].kv_head_cost.flops_per_token");
}

TEST(Scores, KvHeadsOfManyHeadsAreCountedWithoutOverflow) {
  const model::SiteLayout layer{{}, {}, 1 << 20, 1 << 20, 8};
  EXPECT_EQ(layer.kv_of((1 << 20) - 1), (1 << 20) - 1);
}

TEST(Scores, LengthsAreChecked) {
  expect_names(message_after([](Json& j) { j["scores"]["ae"]["attention"].erase(1); }), "scores.ae.attention");
  expect_names(message_after([](Json& j) { j["scores"]["ae"]["attention"][0].push_back(1); }), "scores.ae.attention[0]");
  expect_names(message_after([](Json& j) { j["scores"]["ae"]["cross_attention"] = {{1}}; }), "scores.ae.cross_attention");
  expect_names(message_after([](Json& j) { j["site_values"]["output_norm"]["attention"].erase(0); }),
               "site_values.output_norm.attention");
}

TEST(Scores, SitesAreThoseOfAModel) {
  expect_names(message_after([](Json& j) { j["sites"][0]["units"] = "0,1,1"; }), "sites[0].units");
  expect_names(message_after([](Json& j) { j["sites"][0]["units"] = "1,0"; }), "sites[0].units");
  expect_names(message_after([](Json& j) { j["sites"][0]["units"] = "0-4"; }), "sites[0].units");
  expect_names(message_after([](Json& j) { j["sites"][0]["units"] = "-1"; }), "sites[0].units");
  expect_names(message_after([](Json& j) { j["sites"][0]["units"] = {0, 1}; }), "sites[0].units");
  expect_names(message_after([](Json& j) { j["sites"][0]["padding"] = "2"; }), "sites[0].padding");
  expect_names(message_after([](Json& j) { j["sites"][0]["original_kv_heads"] = 3; }), "sites[0].units");
  expect_names(message_after([](Json& j) { j["sites"][2]["original_units"] = 0; }), "sites[2].units");
  expect_names(message_after([](Json& j) { j["sites"][0]["kind"] = "heads"; }), "sites[0].kind");
  expect_names(message_after([](Json& j) { j["sites"][0]["layer"] = -1; }), "sites[0].layer");
  expect_names(message_after([](Json& j) { j["sites"][2]["layer"] = 0; }), "sites[2]");
}

TEST(Scores, NumbersAreNumbers) {
  expect_names(message_after([](Json& j) { j["scores"]["his"]["attention"][0][1] = nullptr; }), "scores.his.attention[0][1]");
  expect_names(message_after([](Json& j) { j["scores"]["his"]["attention"][0][1] = "0.5"; }), "scores.his.attention[0][1]");
  expect_names(message_after([](Json& j) { j["scores"]["his"]["attention"][0][1] = HUGE_VAL; }), "scores.his.attention[0][1]");
  expect_names(message_after([](Json& j) { j["scores"]["his"] = 3; }), "scores.his");
  expect_names(message_after([](Json& j) { j["constants"]["curvature"] = "big"; }), "constants.curvature");
  expect_names(message_after([](Json& j) { j["sites"][0]["unit_size"] = 16.5; }), "sites[0].unit_size");
  expect_names(message_after([](Json& j) { j["calibration"]["examples"] = -1; }), "calibration.examples");
  expect_names(message_after([](Json& j) { j["scores"] = Json::array(); }), "scores");
}

TEST(Scores, NaNIsNeverWritten) {
  Scores s = example();
  s.tables["his"].at(kFirst)[2] = std::nan("");
  const Error error = error_of([&] { to_json(s); });
  EXPECT_EQ(error.kind(), ErrorKind::bad_input);
  EXPECT_EQ(std::string(error.what()), "score his of layer 0, head 3 is nan");
}

TEST(Scores, FileIsWrittenOnceUnlessForced) {
  const TestFolder folder;
  const auto path = folder / "scores.json";
  write_scores(path, example(), false);
  EXPECT_EQ(read_scores(path).tables, example().tables);
  EXPECT_EQ(error_of([&] { write_scores(path, example(), false); }).kind(), ErrorKind::bad_input);
  EXPECT_NO_THROW(write_scores(path, example(), true));
}

// Tables of neurons lie in a file of their own, which must be the one that was written with the scores.
TEST(Scores, NeuronsAreInAFileBeside) {
  const TestFolder folder;
  const auto path = folder / "scores.json", beside = folder / "scores.neurons.safetensors";
  Scores scores = example();
  for (const model::Site site : scores.layout.sites(model::SiteKind::ffn))
    scores.tables["fisher"][site] = std::vector<double>(scores.layout.at(site).units.size(), 0.1 * (site.layer + 1));
  ASSERT_FALSE(scores.tables["fisher"].empty());
  write_scores(path, scores, false);
  EXPECT_FALSE(read_json(path)["scores"].contains("fisher"));
  EXPECT_EQ(read_scores(path).tables, scores.tables);
  const auto refused = [&](std::string_view part) {
    const Error error = error_of([&] { read_scores(path); });
    EXPECT_EQ(error.kind(), ErrorKind::bad_input);
    EXPECT_NE(std::string_view(error.what()).find(part), std::string_view::npos) << error.what();
  };
  std::string bytes = read_file(beside);
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  write_file(beside, bytes, true);
  refused("is not the file that was written with");
  std::filesystem::remove(beside);
  refused("is not there");
}

// The documentation's example is a scores file.
TEST(Scores, DocumentedExampleIsRead) {
  const std::string block = documented_example("scores.json");
  const Scores scores = scores_from_json(parse_json(block, "docs/formats.md"), "docs/formats.md");
  EXPECT_EQ(pretty(to_json(scores)), block);  // as `hies score` lays it out
}

}  // namespace
}  // namespace hies::score
