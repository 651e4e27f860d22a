#include "hies/score/scores.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "hies/base/test_files.h"

namespace hies::score {
namespace {

// Grouped KV heads, one layer empty.
Scores example() {
  Scores s;
  s.model_info = {"models/small", "bert", "00112233445566778899aabbccddeeff"};
  s.options = {{"loss", "ce"}, {"tables", {"his", "ae"}}};
  s.calibration = {"reviews.tsv", 32, 700, "ffeeddccbbaa99887766554433221100", 0.25};
  s.layout = {{{0, 1, 3}, {0, 1}, 4, 2, 16}, {{}, {}, 4, 2, 16}};
  s.cost = {1000, 1.5e6, 21.875, {{100, 200.5}, {}}, {{50, 100}, {}}};
  s.tables["his"] = {{0.1, 1.0 / 3, 1e-300}, {}};
  s.tables["ae"] = {{0.5, 0.25, 1}, {}};
  s.output_norms = OutputNorms{{2.5, 0}, {{1, 2, 1.5}, {}}};
  s.curvature = 0.5;
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
  EXPECT_EQ(back.output_norms, s.output_norms);
  EXPECT_EQ(back.calibration.mean_loss, s.calibration.mean_loss);
  EXPECT_EQ(back.model_info.hash, s.model_info.hash);
}

TEST(Scores, WhatIsOptionalMayBeMissing) {
  Scores s = example();
  s.calibration.mean_loss.reset();
  s.output_norms.reset();
  s.curvature.reset();
  s.timings.clear();
  Json json = to_json(s);
  EXPECT_TRUE(json["calibration"]["mean_loss"].is_null());
  EXPECT_FALSE(json.contains("output_norms"));
  json.erase("timings");
  json["model"].erase("path");
  json["calibration"].erase("file");
  json["a later version's"] = "addition";
  const Scores back = scores_from_json(json, "s.json");
  EXPECT_FALSE(back.calibration.mean_loss || back.output_norms || back.curvature);
}

TEST(Scores, CostsOfEveryHead) {
  const auto heads = example().head_costs();
  ASSERT_EQ(heads.size(), 2u);
  EXPECT_EQ(heads[0].size(), 3u);
  EXPECT_EQ(heads[0][2].flops_per_token, 200.5);
  EXPECT_TRUE(heads[1].empty());
}

TEST(Scores, SchemaIsChecked) {
  message_after([](Json& j) { j["schema"] = "hies.plan/1"; });
  message_after([](Json& j) { j["schema"] = "hies.scores/2"; }, ErrorKind::unsupported);
  expect_names(message_after([](Json& j) { j.erase("schema"); }), "schema");
  EXPECT_EQ(error_of([] { scores_from_json(Json::array(), "s.json"); }).kind(), ErrorKind::bad_input);
}

TEST(Scores, EveryRequiredMemberIsMissedByName) {
  for (const char* key : {"model", "options", "calibration", "heads", "head_ids", "kv_of_head", "original_heads",
                          "original_kv_heads", "head_dim", "cost", "scores"})
    expect_names(message_after([&](Json& j) { j.erase(key); }), key);
  expect_names(message_after([](Json& j) { j["model"].erase("hash"); }), "model.hash");
  expect_names(message_after([](Json& j) { j["calibration"].erase("mean_loss"); }), "calibration.mean_loss");
  expect_names(message_after([](Json& j) { j["cost"]["per_head"][1].erase("parameters"); }), "cost.per_head[1].parameters");
}

TEST(Scores, CostsAreNotNegative) {
  expect_names(message_after([](Json& j) { j["cost"]["flops_per_token"] = -1; }), "cost.flops_per_token");
  expect_names(message_after([](Json& j) { j["cost"]["per_head"][0]["flops_per_token"] = -0.5; }),
               "cost.per_head[0].flops_per_token");
}

TEST(Scores, KvHeadsOfManyHeadsAreCountedWithoutOverflow) {
  const model::LayerHeads layer{{}, {}, 1 << 20, 1 << 20, 8};
  EXPECT_EQ(layer.kv_of((1 << 20) - 1), (1 << 20) - 1);
}

TEST(Scores, LengthsAreChecked) {
  for (const char* key : {"head_ids", "kv_of_head", "original_heads", "original_kv_heads", "head_dim"})
    expect_names(message_after([&](Json& j) { j[key].erase(1); }), key);
  expect_names(message_after([](Json& j) { j["head_ids"][0].erase(0); }), "head_ids[0]");
  expect_names(message_after([](Json& j) { j["heads"][0] = 2; }), "head_ids[0]");
  expect_names(message_after([](Json& j) { j["scores"]["ae"].erase(1); }), "scores.ae");
  expect_names(message_after([](Json& j) { j["scores"]["ae"][0].push_back(1); }), "scores.ae[0]");
  expect_names(message_after([](Json& j) { j["cost"]["per_kv_head"].erase(0); }), "cost.per_kv_head");
  expect_names(message_after([](Json& j) { j["output_norms"]["layer"].erase(0); }), "output_norms.layer");
}

TEST(Scores, IdsAscendWithinTheOriginalLayer) {
  expect_names(message_after([](Json& j) { j["head_ids"][0] = {0, 1, 1}; }), "head_ids[0][2]");
  expect_names(message_after([](Json& j) { j["head_ids"][0] = {1, 0, 3}; }), "head_ids[0][1]");
  expect_names(message_after([](Json& j) { j["head_ids"][0] = {0, 1, 4}; }), "head_ids[0][2]");
  expect_names(message_after([](Json& j) { j["head_ids"][0] = {-1, 1, 3}; }), "head_ids[0][0]");
  expect_names(message_after([](Json& j) { j["kv_of_head"][0] = {0, 1, 1}; }), "kv_of_head[0][1]");
  expect_names(message_after([](Json& j) { j["original_kv_heads"][0] = 3; }), "head_ids[0]");
  expect_names(message_after([](Json& j) { j["original_heads"][1] = 0; }), "head_ids[1]");
}

TEST(Scores, NumbersAreNumbers) {
  expect_names(message_after([](Json& j) { j["scores"]["his"][0][1] = nullptr; }), "scores.his[0][1]");
  expect_names(message_after([](Json& j) { j["scores"]["his"][0][1] = "0.5"; }), "scores.his[0][1]");
  expect_names(message_after([](Json& j) { j["scores"]["his"][0][1] = HUGE_VAL; }), "scores.his[0][1]");
  expect_names(message_after([](Json& j) { j["scores"]["his"] = 3; }), "scores.his");
  expect_names(message_after([](Json& j) { j["heads"][0] = 1e9; }), "heads[0]");
  expect_names(message_after([](Json& j) { j["heads"][0] = 18446744073709551615ull; }), "heads[0]");
  expect_names(message_after([](Json& j) { j["head_dim"][0] = 16.5; }), "head_dim[0]");
  expect_names(message_after([](Json& j) { j["calibration"]["examples"] = -1; }), "calibration.examples");
  expect_names(message_after([](Json& j) { j["scores"] = Json::array(); }), "scores");
}

TEST(Scores, NaNIsNeverWritten) {
  Scores s = example();
  s.tables["his"][0][2] = std::nan("");
  const Error error = error_of([&] { to_json(s); });
  EXPECT_EQ(error.kind(), ErrorKind::bad_input);
  EXPECT_EQ(std::string(error.what()), "score his of layer 0, head 3 is nan");
}

TEST(Scores, FileIsWrittenOnceUnlessForced) {
  const auto path = std::filesystem::path(testing::TempDir()) / "hies_scores_test.json";
  std::filesystem::remove(path);
  write_scores(path, example(), false);
  EXPECT_EQ(read_scores(path).tables, example().tables);
  EXPECT_EQ(error_of([&] { write_scores(path, example(), false); }).kind(), ErrorKind::bad_input);
  EXPECT_NO_THROW(write_scores(path, example(), true));
  std::filesystem::remove(path);
}

// The documentation's example is a scores file.
TEST(Scores, DocumentedExampleIsRead) {
  const std::string block = documented_example("scores.json");
  const Scores scores = scores_from_json(parse_json(block, "docs/formats.md"), "docs/formats.md");
  EXPECT_EQ(pretty(to_json(scores)), block);  // as `hies score` lays it out
}

}  // namespace
}  // namespace hies::score
