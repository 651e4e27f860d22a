#include "hies/base/journal.h"

#include <gtest/gtest.h>

#include <csignal>

#include <sys/resource.h>

#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/base/test_files.h"

namespace hies::sweep {
namespace {

using Lines = std::vector<std::string>;

TEST(Journal, KeepsWhatWasAppended) {
  const TestFolder folder;
  {
    Journal journal(folder / "j");
    EXPECT_TRUE(journal.lines().empty());
    journal.append({"a", "b"});
    journal.append({});
    journal.append({"c"});
    EXPECT_EQ(journal.count(), 3);
  }
  const Journal journal(folder / "j");
  EXPECT_EQ(journal.lines(), (Lines{"a", "b", "c"}));
  EXPECT_EQ(read_file(folder / "j"), "a\nb\nc\n");
}

TEST(Journal, CutsATornLineOff) {
  const TestFolder folder;
  const auto file = folder.write("j", "whole\ntor");
  {
    Journal journal(file);
    EXPECT_EQ(journal.lines(), Lines{"whole"});
    journal.append({"torn again"});
  }
  EXPECT_EQ(read_file(file), "whole\ntorn again\n");
  const auto only_torn = folder.write("k", "torn");
  EXPECT_TRUE(Journal(only_torn).lines().empty());
  EXPECT_EQ(read_file(only_torn), "");
}

TEST(Journal, AFullDiskLeavesWholeLines) {
  const TestFolder folder;
  const auto file = folder / "j";
  Journal journal(file);
  journal.append({"first"});
  // A limit on the size of files stands for a full disk.
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit low = before;
  low.rlim_cur = 20;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &low), 0);
  std::string hint;
  try {
    journal.append({"second", "a third one that is too long"});
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::io);
    hint = error.hint();
  }
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_NE(hint.find("run the same command again"), std::string::npos) << hint;
  EXPECT_EQ(read_file(file), "first\n");
  journal.append({"second"});
  EXPECT_EQ(read_file(file), "first\nsecond\n");
}

TEST(Journal, SaysWhereItCannotBe) { EXPECT_THROW(Journal("/no/such/folder/j"), Error); }

}  // namespace
}  // namespace hies::sweep
