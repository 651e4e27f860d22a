#include "hies/sweep/folder.h"

#include <gtest/gtest.h>

#include <optional>
#include <set>

#include "hies/base/error.h"
#include "hies/base/test_files.h"

namespace hies::sweep {
namespace {

class Folder : public testing::Test {
 protected:
  // What claiming the folder throws; empty: nothing.
  std::string claim() {
    try {
      SweepFolder(path).claim(config, {identity}, version, warnings);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::bad_input);
      return error.what();
    }
    return {};
  }

  TestFolder parent;
  std::filesystem::path path = parent / "sweep";
  SweepConfig config{{}, {{"a", "model", "sst2", "train.tsv", "dev.tsv"}}};
  RunIdentity identity{{"m", "g", "i"}, "c", "d"};
  struct Warnings : Progress {
    void warn(std::string_view message) override { text += std::string(message) + "\n"; }
    std::string text;
  } warnings;
  std::string version = "0.1.0";
};

TEST_F(Folder, IsGoneOnWithByTheSameSweep) {
  EXPECT_EQ(claim(), "");
  config.runs[0].model = "moved/model";  // the hashes bind
  EXPECT_EQ(claim(), "");
}

TEST_F(Folder, NamesTheOptionsThatDiffer) {
  EXPECT_EQ(claim(), "");
  config.options.seeds = 7;
  config.options.ratios = {0.5};
  const std::string refusal = claim();
  EXPECT_NE(refusal.find("`seeds` was 5 and is 7"), std::string::npos) << refusal;
  EXPECT_NE(refusal.find("`ratios` was [0.1,0.2,0.3,0.4,0.5,0.6] and is [0.5]"), std::string::npos) << refusal;
  EXPECT_EQ(refusal.find("examples"), std::string::npos) << refusal;
}

TEST_F(Folder, RefusesAnotherModelDataOrVersion) {
  EXPECT_EQ(claim(), "");
  const RunIdentity first = identity;
  identity.model.weights = "other";
  EXPECT_NE(claim().find("another model"), std::string::npos);
  identity = first;
  identity.model.config = "other";
  EXPECT_NE(claim().find("another config.json"), std::string::npos);
  identity = first;
  identity.model.inputs = "other";
  EXPECT_NE(claim().find("another tokenizer or image processor"), std::string::npos);
  identity = first;
  identity.data_hash = "other";
  EXPECT_NE(claim().find("other evaluation data"), std::string::npos);
  identity = first;
  identity.calibration_hash = "other";
  EXPECT_NE(claim().find("other calibration data"), std::string::npos);
  identity = first;
  EXPECT_EQ(warnings.text, "");
  version = "0.2.0";
  EXPECT_NE(claim().find("hies 0.1.0, but this is 0.2.0"), std::string::npos);
}

// As 0.2.0 wrote it.
TEST_F(Folder, WarnsOfWhatSweepJsonDoesNotState) {
  EXPECT_EQ(claim(), "");
  Json json = read_json(path / kSweepFile);
  json["runs"][0].erase("config_hash");
  json["runs"][0]["inputs_hash"] = nullptr;
  parent.write("sweep/sweep.json", pretty(json));
  EXPECT_EQ(claim(), "");
  for (const char* name : {"config_hash", "inputs_hash"})
    EXPECT_NE(warnings.text.find(std::string("does not state its ") + name), std::string::npos) << warnings.text;
}

TEST_F(Folder, IsHeldByOneAtATime) {
  std::optional<SweepFolder> holder(path);
  EXPECT_NE(claim().find("another process"), std::string::npos);
  holder.reset();
  EXPECT_EQ(claim(), "");
}

TEST_F(Folder, RefusesAFolderOfOtherThings) {
  parent.folder("sweep");
  parent.write("sweep/notes.txt", "mine");
  EXPECT_NE(claim().find("notes.txt"), std::string::npos);
  std::filesystem::remove(path / "notes.txt");
  // Left by a process that was killed.
  parent.write("sweep/.sweep.json.1-0.tmp", "{");
  EXPECT_EQ(claim(), "");
  EXPECT_FALSE(std::filesystem::exists(path / ".sweep.json.1-0.tmp"));
}

TEST_F(Folder, IsRidOfWhatAKilledProcessLeft) {
  EXPECT_EQ(claim(), "");
  parent.folder("sweep/tables");
  parent.folder("sweep/.latency.1-0.tmp");
  for (const char* left :
       {"sweep/tables/.bound.md.1-0.tmp", "sweep/scores/.a-ce-0.json.1-1.tmp", "sweep/.latency.1-0.tmp/config.json"})
    parent.write(left, "half");
  parent.write("sweep/tables/bound.md", "whole");
  EXPECT_EQ(claim(), "");
  std::set<std::string> left;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path))
    left.insert(entry.path().lexically_relative(path));
  EXPECT_EQ(left, (std::set<std::string>{"scores", "sweep.json", "tables", "tables/bound.md"}));
}

TEST_F(Folder, SaysWhatIsWrongWithADamagedSweepFile) {
  EXPECT_EQ(claim(), "");
  const std::string whole = read_file(path / kSweepFile);
  const auto with_runs = [&](const Json& runs) {
    Json json = parse_json(whole, "sweep.json");
    json["runs"] = runs;
    parent.write("sweep/sweep.json", pretty(json));
    return claim();
  };
  for (const Json& run : {Json(1), Json(), Json::array(), Json("x"), Json::object(), Json{{"name", 3}}}) {
    const std::string refusal = with_runs(Json::array({run}));
    EXPECT_NE(refusal.find("sweep.json: 'runs[0]"), std::string::npos) << refusal;
  }
  EXPECT_NE(with_runs("x").find("'runs' must be a list"), std::string::npos);
  EXPECT_NE(with_runs(Json::array()).find("0 runs, but this one has 1"), std::string::npos);
  for (const std::string& text : {std::string(), whole.substr(0, whole.size() / 2), std::string("[]"), std::string("{}")}) {
    parent.write("sweep/sweep.json", text);
    EXPECT_NE(claim().find("sweep.json"), std::string::npos) << text;
  }
}

TEST_F(Folder, IsGoneAgainWhenNothingWasPutIntoIt) {
  { const SweepFolder unused(path); }
  EXPECT_FALSE(std::filesystem::exists(path));
  parent.folder("sweep");
  { const SweepFolder unused(path); }
  EXPECT_TRUE(std::filesystem::exists(path)) << "was there before";
  EXPECT_EQ(claim(), "");
  EXPECT_TRUE(std::filesystem::exists(path / kSweepFile));
}

TEST_F(Folder, NeedsAFolderToBeIn) {
  path = parent / "no/such/sweep";
  EXPECT_THROW(SweepFolder{path}, Error);
  path = parent.write("file", "");
  EXPECT_NE(claim().find("not a directory"), std::string::npos);
}

}  // namespace
}  // namespace hies::sweep
