// Scores of version 1: query heads only, as lists over the layers.

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "hies/base/test_files.h"
#include "hies/score/scores.h"
#include "hies/score/test_tables.h"

namespace hies::score {
namespace {

// Grouped KV heads, one layer empty.
Json version_1() {
  return parse_json(R"({"schema": "hies.scores/1", "model": {"path": "models/small", "model_type": "bert", "hash": "00112233"},
    "options": {"loss": "ce", "tables": ["his", "ae"]},
    "calibration": {"file": "reviews.tsv", "examples": 32, "tokens": 700, "hash": "ffeeddcc", "mean_loss": 0.25},
    "heads": [3, 0], "head_ids": [[0, 1, 3], []], "kv_of_head": [[0, 0, 1], []], "original_heads": [4, 4],
    "original_kv_heads": [2, 2], "head_dim": [16, 16], "dead": [[1], []],
    "cost": {"parameters": 1000, "flops_per_token": 1500000.0, "tokens": 21.875,
             "per_head": [{"parameters": 100, "flops_per_token": 200.5}, {"parameters": 0, "flops_per_token": 0}],
             "per_kv_head": [{"parameters": 50, "flops_per_token": 100}, {"parameters": 0, "flops_per_token": 0}]},
    "scores": {"his": [[0.1, 0.25, 1e-300], []], "ae": [[0.5, 0.25, 1], []]},
    "output_norms": {"layer": [2.5, 0], "head": [[1, 2, 1.5], []]}, "curvature": 0.5, "timings": {"run_ms": 12.5}})",
                    "s.json");
}

// The message for the example with one change.
std::string refusal_after(const std::function<void(Json&)>& change) {
  Json json = version_1();
  change(json);
  const Error error = error_of([&] { scores_from_json(json, "s.json"); });
  EXPECT_EQ(error.kind(), ErrorKind::bad_input) << error.what();
  EXPECT_EQ(std::string(error.what()).find("s.json"), 0u) << error.what();
  return error.what();
}

void expect_key(const std::string& message, const std::string& key) {
  EXPECT_NE(message.find("'" + key + "'"), std::string::npos) << message;
}

TEST(ScoresVersion1, AreRead) {
  const Scores s = scores_from_json(version_1(), "s.json");
  const model::Site first = model::attention_site(0), second = model::attention_site(1);
  EXPECT_EQ(s.model_info.hashes, model::ModelHashes{"00112233"});
  EXPECT_EQ(s.layout, layout_of({{{0, 1, 3}, {0, 1}, 4, 2, 16, {1}}, {{}, {}, 4, 2, 16}}));
  EXPECT_EQ(s.table("his"), table_of({{0.1, 0.25, 1e-300}, {}}));
  EXPECT_EQ(s.table("output_norm"), table_of({{1, 2, 1.5}, {}}));
  EXPECT_EQ(s.site_value("output_norm", first), 2.5);
  EXPECT_EQ(s.constant("curvature"), 0.5);
  EXPECT_EQ(s.unit_costs().at(first), std::vector<model::UnitCost>(3, {100, 200.5}));
  EXPECT_EQ(s.kv_head_costs().at(first), std::vector<model::UnitCost>(2, {50, 100, 100}));
  EXPECT_TRUE(s.unit_costs().at(second).empty());
  EXPECT_EQ(s.calibration.mean_loss, 0.25);
  EXPECT_EQ(s.timings.at("run_ms"), 12.5);
  // Written, they are of version 2.
  const Scores back = scores_from_json(to_json(s), "s.json");
  EXPECT_EQ(back.layout, s.layout);
  EXPECT_EQ(back.tables, s.tables);
  EXPECT_EQ(back.site_values, s.site_values);
}

// What the program of version 1 wrote (tests/data/v1).
TEST(ScoresVersion1, FilesAreRead) {
  const auto read = [](const std::string& name) { return read_scores(HIES_SOURCE_DIR "/tests/data/v1/" + name); };
  const Scores bert = read("bert-scores.json");
  for (const char* statistic : {"his", "ae", "l2", "l2-out", "second-order"}) EXPECT_TRUE(bert.has(statistic)) << statistic;
  EXPECT_EQ(bert.model_info.hashes.weights, "32f532e8bca5534cd283264ebdc11339");
  EXPECT_EQ(bert.layout.count(model::SiteKind::attention), 12);
  const Scores llama = read("llama-scores.json");
  EXPECT_FALSE(llama.has("l2"));
  EXPECT_TRUE(llama.layout.attention(0).grouped());
  const Scores padded = read("llama-pruned-scores.json");
  EXPECT_EQ(padded.layout.attention(1).padding, std::vector<int>{3});
}

TEST(ScoresVersion1, EveryRequiredMemberIsMissedByName) {
  for (const char* key : {"model", "options", "calibration", "heads", "head_ids", "kv_of_head", "original_heads",
                          "original_kv_heads", "head_dim", "cost", "scores"})
    expect_key(refusal_after([&](Json& j) { j.erase(key); }), key);
  expect_key(refusal_after([](Json& j) { j["model"].erase("hash"); }), "model.hash");
  expect_key(refusal_after([](Json& j) { j["calibration"].erase("mean_loss"); }), "calibration.mean_loss");
  expect_key(refusal_after([](Json& j) { j["cost"]["per_head"][1].erase("parameters"); }), "cost.per_head[1].parameters");
}

TEST(ScoresVersion1, CostsAreNotNegative) {
  expect_key(refusal_after([](Json& j) { j["cost"]["flops_per_token"] = -1; }), "cost.flops_per_token");
  expect_key(refusal_after([](Json& j) { j["cost"]["per_head"][0]["flops_per_token"] = -0.5; }),
             "cost.per_head[0].flops_per_token");
}

TEST(ScoresVersion1, LengthsAreChecked) {
  for (const char* key : {"head_ids", "kv_of_head", "original_heads", "original_kv_heads", "head_dim"})
    expect_key(refusal_after([&](Json& j) { j[key].erase(1); }), key);
  expect_key(refusal_after([](Json& j) { j["head_ids"][0].erase(0); }), "head_ids[0]");
  expect_key(refusal_after([](Json& j) { j["heads"][0] = 2; }), "head_ids[0]");
  expect_key(refusal_after([](Json& j) { j["scores"]["ae"].erase(1); }), "scores.ae");
  expect_key(refusal_after([](Json& j) { j["scores"]["ae"][0].push_back(1); }), "scores.ae[0]");
  expect_key(refusal_after([](Json& j) { j["cost"]["per_kv_head"].erase(0); }), "cost.per_kv_head");
  expect_key(refusal_after([](Json& j) { j["output_norms"]["layer"].erase(0); }), "output_norms.layer");
}

TEST(ScoresVersion1, IdsAscendWithinTheOriginalLayer) {
  expect_key(refusal_after([](Json& j) { j["head_ids"][0] = {0, 1, 1}; }), "head_ids[0][2]");
  expect_key(refusal_after([](Json& j) { j["head_ids"][0] = {1, 0, 3}; }), "head_ids[0][1]");
  expect_key(refusal_after([](Json& j) { j["head_ids"][0] = {0, 1, 4}; }), "head_ids[0][2]");
  expect_key(refusal_after([](Json& j) { j["head_ids"][0] = {-1, 1, 3}; }), "head_ids[0][0]");
  expect_key(refusal_after([](Json& j) { j["kv_of_head"][0] = {0, 1, 1}; }), "kv_of_head[0][1]");
  expect_key(refusal_after([](Json& j) { j["original_kv_heads"][0] = 3; }), "head_ids[0]");
  expect_key(refusal_after([](Json& j) { j["original_heads"][1] = 0; }), "head_ids[1]");
}

TEST(ScoresVersion1, NumbersAreNumbers) {
  expect_key(refusal_after([](Json& j) { j["scores"]["his"][0][1] = nullptr; }), "scores.his[0][1]");
  expect_key(refusal_after([](Json& j) { j["scores"]["his"][0][1] = "0.5"; }), "scores.his[0][1]");
  expect_key(refusal_after([](Json& j) { j["scores"]["his"][0][1] = HUGE_VAL; }), "scores.his[0][1]");
  expect_key(refusal_after([](Json& j) { j["scores"]["his"] = 3; }), "scores.his");
  expect_key(refusal_after([](Json& j) { j["heads"][0] = 1e9; }), "heads[0]");
  expect_key(refusal_after([](Json& j) { j["heads"][0] = 18446744073709551615ull; }), "heads[0]");
  expect_key(refusal_after([](Json& j) { j["head_dim"][0] = 16.5; }), "head_dim[0]");
  expect_key(refusal_after([](Json& j) { j["calibration"]["examples"] = -1; }), "calibration.examples");
  expect_key(refusal_after([](Json& j) { j["scores"] = Json::array(); }), "scores");
}

}  // namespace
}  // namespace hies::score
