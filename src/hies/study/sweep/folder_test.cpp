#include "hies/study/sweep/folder.h"

#include <gtest/gtest.h>

#include <optional>

#include "hies/base/error.h"
#include "hies/study/test_folder.h"

namespace hies::study {
namespace {

class Folder : public testing::Test {
 protected:
  // What claiming the folder throws; empty: nothing.
  std::string claim() {
    try {
      SweepFolder(path).claim(config, {identity}, version);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::bad_input);
      return error.what();
    }
    return {};
  }

  TestFolder parent;
  std::filesystem::path path = parent / "sweep";
  SweepConfig config{{}, {{"a", "model", "sst2", "train.tsv", "dev.tsv"}}};
  RunIdentity identity{"m", "c", "d"};
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
  EXPECT_NE(refusal.find("seeds was 5 and is 7"), std::string::npos) << refusal;
  EXPECT_NE(refusal.find("ratios was [0.1,0.2,0.3,0.4,0.5,0.6] and is [0.5]"), std::string::npos) << refusal;
  EXPECT_EQ(refusal.find("examples"), std::string::npos) << refusal;
}

TEST_F(Folder, RefusesAnotherModelDataOrVersion) {
  EXPECT_EQ(claim(), "");
  identity.model_hash = "other";
  EXPECT_NE(claim().find("another model"), std::string::npos);
  identity = {"m", "c", "other"};
  EXPECT_NE(claim().find("other evaluation data"), std::string::npos);
  identity = {"m", "other", "d"};
  EXPECT_NE(claim().find("other calibration data"), std::string::npos);
  identity = {"m", "c", "d"};
  version = "0.2.0";
  EXPECT_NE(claim().find("hies 0.1.0, but this is 0.2.0"), std::string::npos);
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

TEST_F(Folder, NeedsAFolderToBeIn) {
  path = parent / "no/such/sweep";
  EXPECT_THROW(SweepFolder{path}, Error);
  path = parent.write("file", "");
  EXPECT_NE(claim().find("not a directory"), std::string::npos);
}

}  // namespace
}  // namespace hies::study
