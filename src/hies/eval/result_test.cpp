#include "hies/eval/result.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "hies/base/test_files.h"

namespace hies::eval {
namespace {

constexpr Spread kSpread{2, 1.5, 2.5, 1, 3, 40};

Result example() {
  Result r;
  r.task = "mrpc";
  r.data_file = "dev.tsv";
  r.data_hash = "ffeeddccbbaa99887766554433221100";
  r.examples = 408;
  r.tokens = 21000;
  r.model = {"small",
             "00112233445566778899aabbccddeeff",
             50,
             0.5,
             {{"f1", 0.85}, {"accuracy", 0.75}},
             {1000, 400, 1.5e6, 3e5, 2000},
             Speed{kSpread, kSpread}};
  r.reference = r.model;
  r.reference->path = "large";
  r.stability = 0.96875;
  r.speedup = Speedup{kSpread, kSpread};
  r.options = {{"batch_tokens", 2048}};
  return r;
}

// The message for the example with one change.
std::string message_after(const std::function<void(Json&)>& change) {
  Json json = to_json(example());
  change(json);
  const Error error = error_of([&] { result_from_json(json, "r.json"); });
  EXPECT_EQ(error.kind(), ErrorKind::bad_input) << error.what();
  return error.what();
}

TEST(Result, ComesBackFromItsFile) {
  const Result back = result_from_json(parse_json(pretty(to_json(example())), "r.json"), "r.json");
  EXPECT_EQ(to_json(back), to_json(example()));
  EXPECT_EQ(back.model.metrics, example().model.metrics);  // the primary one first
  EXPECT_EQ(back.reference->cost, example().reference->cost);
  EXPECT_EQ(back.model.speed, example().model.speed);
  EXPECT_EQ(back.speedup, example().speedup);
}

TEST(Result, WhatWasNotMeasuredIsNull) {
  Result plain = example();
  plain.reference.reset();
  plain.stability.reset();
  plain.speedup.reset();
  plain.model.speed.reset();
  plain.model.loss.reset();
  plain.model.metrics.clear();
  const Json json = to_json(plain);
  for (const char* key : {"reference", "stability", "tolerance", "speedup", "loss"}) EXPECT_TRUE(json.at(key).is_null()) << key;
  EXPECT_TRUE(json["cost"]["latency_ms"].is_null());
  const Result back = result_from_json(json, "r.json");
  EXPECT_EQ(to_json(back), json);
  EXPECT_FALSE(back.reference || back.stability || back.speedup || back.model.speed || back.model.loss);
}

TEST(Result, DamagedFilesAreRefused) {
  EXPECT_EQ(message_after([](Json& j) { j.erase("cost"); }), "r.json: 'cost' is missing (a value is needed)");
  EXPECT_EQ(message_after([](Json& j) { j["cost"]["parameters"] = -1; }),
            "r.json: 'cost.parameters' must be an integer ≥ 0, found -1");
  EXPECT_EQ(message_after([](Json& j) { j["stability"] = 1.5; }), "r.json: 'stability' is 1.5, more than 1");
  EXPECT_EQ(message_after([](Json& j) { j["metrics"]["f1"] = "good"; }), "r.json: 'metrics.f1' must be a number, found \"good\"");
  EXPECT_EQ(message_after([](Json& j) { j["reference"]["cost"]["latency_ms"]["median"] = 9; }),
            "r.json: 'reference.cost.latency_ms' is not in order: min ≤ p25 ≤ median ≤ p75 ≤ max");
  EXPECT_EQ(message_after([](Json& j) { j["model"] = 3; }), "r.json: 'model' must be an object, found 3");
  EXPECT_EQ(message_after([](Json& j) { j = Json::array(); }), "r.json: 'the file' must be an object, found []");
  EXPECT_EQ(message_after([](Json& j) { j["schema"] = "hies.plan/1"; }), "r.json: schema is 'hies.plan/1', not 'hies.result/1'");
  Json newer = to_json(example());
  newer["schema"] = "hies.result/2";
  EXPECT_EQ(error_of([&] { result_from_json(newer, "r.json"); }).kind(), ErrorKind::unsupported);
}

// Every member in turn replaced by something else: an Error or a result, never anything worse.
void damage_each(Json& whole, Json& part, int& refused) {
  for (auto& [key, member] : part.items()) {
    const Json good = member;
    for (const Json& bad :
         {Json(), Json("text"), Json(-1), Json(1.5), Json::array({1}), Json::object({{"a", 1}}), Json(UINT64_MAX)}) {
      member = bad;
      try {
        result_from_json(whole, "r.json");
      } catch (const Error& error) {
        EXPECT_TRUE(error.kind() == ErrorKind::bad_input || error.kind() == ErrorKind::unsupported) << error.what();
        EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
        ++refused;
      }
    }
    member = good;
    if (member.is_structured()) damage_each(whole, member, refused);
  }
}

TEST(Result, AnyDamageIsOneErrorAtMost) {
  Json json = to_json(example());
  int refused = 0;
  damage_each(json, json, refused);
  EXPECT_GT(refused, 300);
  EXPECT_EQ(json, to_json(example()));
}

TEST(Result, UnknownMembersAreIgnored) {
  Json json = to_json(example());
  json["colour"] = "blue";
  EXPECT_EQ(to_json(result_from_json(json, "r.json")), to_json(example()));
}

TEST(Result, NumbersThatAreNoneAreNotWritten) {
  Result broken = example();
  broken.model.loss = std::nan("");
  EXPECT_STREQ(error_of([&] { to_json(broken); }).what(), "the mean loss is nan");
}

TEST(Result, FileIsWrittenOnceUnlessForced) {
  const auto path = std::filesystem::path(testing::TempDir()) / "hies_result_test.json";
  std::filesystem::remove(path);
  write_result(path, example(), false);
  EXPECT_EQ(to_json(result_from_json(read_json(path), path.string())), to_json(example()));
  EXPECT_EQ(error_of([&] { write_result(path, example(), false); }).kind(), ErrorKind::bad_input);
  EXPECT_NO_THROW(write_result(path, example(), true));
  std::filesystem::remove(path);
}

// The documentation's example is a result file.
TEST(Result, DocumentedExampleIsRead) {
  const std::string block = documented_example("result.json");
  const Result result = result_from_json(parse_json(block, "docs/formats.md"), "docs/formats.md");
  EXPECT_EQ(pretty(to_json(result)), block);  // as `hies eval` lays it out
}

}  // namespace
}  // namespace hies::eval
