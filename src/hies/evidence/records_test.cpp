#include "hies/evidence/records.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <functional>

#include "hies/base/error.h"
#include "hies/base/files.h"

namespace hies::evidence {
namespace {

Record full() {
  Record r;
  r.key.run = "minilm-sst2";
  r.key.task = "sst2";
  r.key.model = {"7c9c7f2e1d0b4a6f8e3d5c2b1a097f6e", "the config", std::nullopt};
  r.key.method = "hies";
  r.key.uniform = true;
  r.key.alpha = 0.1 + 0.2;
  r.key.alpha_from = "calibration:heldout(256, seed 0)";
  r.key.loss = "ce";
  r.key.loss_from = r.key.alpha_from;
  r.key.seed = 4;
  r.key.examples = 32;
  r.key.ratio = 0.3;
  r.key.sites = "attention,ffn";
  r.key.budget = "matrix_flops_ratio";
  r.key.refit = "all";
  r.mask.removed = model::UnitSet::parse("attention.0:1,5 attention.11:0 ffn.3:7-9");
  r.mask.hash = r.mask.removed.hash();
  r.mask.heads = 69;
  r.mask.heads_removed = 3;
  r.mask.neurons = 9213;
  r.mask.neurons_removed = 3;
  r.measured.metrics = {{"f1", 0.8571428571428571}, {"accuracy", 0.75}};
  r.measured.stability = 0.9;
  r.measured.mean_loss = 0.4;
  r.measured.cost = {22713986, 1031798784.5, {0.0416, 0.02, 0.01, 0.0003}};
  r.measured.bound = {"ce", 0.5, 12.25, 7.5, -0.01, "scores/minilm-sst2-ce-4.json"};
  r.key.scores = "scores/minilm-sst2-ce-4.json";
  r.measured.latency_ms = Latency{5.5, 5.25, 6, 6.5, 1.1875, 181};
  r.measured.refitted = Refitted{0.01, 1024, 26000, 256, 0.113, 0.021, {{0, "attention", 2, 1.5}, {0, "ffn", 3, 0.25}}};
  return r;
}

// The message of the error that reading `json` throws.
std::string refusal(const Json& json) {
  try {
    record_from_json(json, "records.jsonl: line 3");
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

TEST(Records, AreReadAsTheyWereWritten) {
  EXPECT_EQ(record_from_json(to_json(full()), "r"), full());
  Record bare;
  bare.key.run = bare.key.task = bare.key.model.weights = bare.mask.hash = "x";
  bare.key.method = "none";
  EXPECT_EQ(record_from_json(to_json(bare), "r"), bare);
  EXPECT_TRUE(to_json(bare)["alpha"].is_null());
  EXPECT_TRUE(to_json(bare)["latency_ms"].is_null());
}

TEST(Records, AreOneLineWithTheSameBytesEachTime) {
  const std::string line = record_line(full());
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_EQ(record_line(record_from_json(parse_json(line, "r"), "r")), line);
}

TEST(Records, RefuseWhatIsNotARecord) {
  const auto with = [](const std::string& pointer, Json value) {
    Json json = to_json(full());
    json[Json::json_pointer(pointer)] = std::move(value);
    return refusal(json);
  };
  EXPECT_NE(with("/schema", "hies.record/4").find("another version"), std::string::npos);
  EXPECT_NE(with("/schema", "hies.plan/1").find("hies.plan/1"), std::string::npos);
  EXPECT_NE(with("/ratio", 1.5).find("'ratio'"), std::string::npos);
  EXPECT_NE(with("/stability", -0.5).find("'stability'"), std::string::npos);
  EXPECT_NE(with("/alpha", "auto").find("alpha"), std::string::npos);
  EXPECT_NE(with("/seed", -1).find("seed"), std::string::npos);
  EXPECT_NE(with("/metrics/f1", "high").find("metrics.f1"), std::string::npos);
  EXPECT_NE(with("/removed/attention/0", "5-1").find("removed.attention.0"), std::string::npos);
  EXPECT_NE(with("/removed/attention", {{"x", "1"}}).find("'x'"), std::string::npos);
  EXPECT_NE(with("/model", "7c9c").find("'model'"), std::string::npos);
  EXPECT_NE(with("/cost/removed/flops", 2).find("cost.removed.flops"), std::string::npos);
  EXPECT_NE(with("/refitted/sites/1/error_after", "low").find("refitted.sites[1].error_after"), std::string::npos);
  EXPECT_NE(with("/refitted/sites", 3).find("refitted.sites"), std::string::npos);
  Json json = to_json(full());
  json.erase("bound");
  EXPECT_NE(refusal(json).find("bound"), std::string::npos);
}

// What the program of version 1 wrote (tests/data/v1).
TEST(Records, OfVersion1AreRead) {
  const std::vector<Record> records = read_records(HIES_SOURCE_DIR "/tests/data/v1/bert-sweep/records.jsonl");
  ASSERT_EQ(records.size(), 5u);
  EXPECT_TRUE(records[0].is_unpruned());
  EXPECT_TRUE(records[0].mask.removed.empty());
  EXPECT_EQ(records[1].key.model, model::ModelHashes{"32f532e8bca5534cd283264ebdc11339"});
  EXPECT_EQ(records[1].mask.removed.text(), "attention.0:0-1,3 attention.1:0,2-3 attention.2:2");
  EXPECT_EQ(records[1].mask.hash, records[1].mask.removed.hash());
  EXPECT_EQ(records[1].key.scores, "scores/bert-tiny-ce-0.json");
  EXPECT_EQ(records[1].mask.heads_removed, records[1].mask.removed.count());
  // Written, they are of version 3.
  for (const Record& record : records) EXPECT_EQ(record_from_json(to_json(record), "r"), record);
}

// A record of version 2 knows heads alone, and no refit.
TEST(Records, OfVersion2AreRead) {
  Record record = full();
  record.key.sites = RecordKey().sites;
  record.key.budget = RecordKey().budget;
  record.key.refit = RecordKey().refit;
  record.mask.neurons.reset();
  record.mask.neurons_removed = 0;
  record.measured.cost.removed.neurons = 0;
  record.measured.refitted.reset();
  Json json = to_json(record);
  json["schema"] = "hies.record/2";
  for (const char* name : {"sites", "budget", "refit", "neurons", "neurons_removed", "refitted"}) json.erase(name);
  json["cost"]["removed"].erase("neurons");
  EXPECT_EQ(record_from_json(json, "r"), record);
  json["cost"] = 1;
  EXPECT_NE(refusal(json).find("'cost'"), std::string::npos);
}

TEST(Records, AreNotWrittenWithNumbersThatAreNone) {
  Record r = full();
  r.measured.metrics[1].second = std::nan("");
  EXPECT_THROW(to_json(r), Error);
  r = full();
  r.measured.mean_loss = HUGE_VAL;
  EXPECT_THROW(record_line(r), Error);
}

TEST(Records, ATornLastLineIsLeftOut) {
  const auto file = std::filesystem::temp_directory_path() / "hies-records-test.jsonl";
  const std::string line = record_line(full());
  write_file(file, line + "\n" + line + "\n" + line.substr(0, line.size() / 2), true);
  EXPECT_EQ(read_records(file).size(), 2u);
  write_file(file, line + "\n{\"schema\n" + line + "\n", true);
  EXPECT_THROW(read_records(file), Error);
  std::filesystem::remove(file);
}

}  // namespace
}  // namespace hies::evidence
