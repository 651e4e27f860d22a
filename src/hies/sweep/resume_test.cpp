// Sweeps that were stopped, and directories that something else has written to.

#include <algorithm>

#include "hies/sweep/test_sweep.h"

namespace hies::sweep {
namespace {

TEST_F(Sweep, EndsWithTheSameBytesWhereverItWasStopped) {
  run("whole");
  const std::string whole = records("whole");
  const auto interesting = [&] {
    std::vector<std::size_t> cuts;
    for (std::size_t i = 0; i <= 12; ++i) cuts.push_back(whole.size() * i / 12);
    cuts.push_back(whole.find('\n'));      // the first line lacks its end only
    cuts.push_back(whole.find('\n') + 1);  // the second has not begun
    return cuts;
  }();
  for (const std::size_t cut : interesting) {
    std::filesystem::remove_all(folder / "again");
    std::filesystem::copy(folder / "whole", folder / "again", std::filesystem::copy_options::recursive);
    folder.write("again/records.jsonl", whole.substr(0, cut));
    if (cut % 2 == 0) std::filesystem::remove(folder / "again/scores/tiny-ce-1.json");
    const SweepOutcome outcome = run("again");
    EXPECT_EQ(outcome.known, std::count(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(cut), '\n'));
    EXPECT_TRUE(records("again") == whole) << cut;
  }
}

TEST_F(Sweep, StopsWhereNothingIsLost) {
  struct StopAfterSomeMasks : Progress {
    void advanced(std::int64_t) override {
      if (++calls == 4) cancelled() = true;
    }
    void begin(std::string_view stage, std::int64_t, std::string_view) override { calls = stage.ends_with(" cells") ? 0 : -1000; }
    int calls = -1000;
  } stop;
  request.output = folder / "a";
  try {
    run_sweep(request, stop);
    FAIL() << "was not interrupted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::interrupted);
    EXPECT_NE(error.hint().find("same command"), std::string::npos);
  }
  Progress::cancelled() = false;
  const std::size_t kept = evidence::read_records(folder / "a/records.jsonl").size();
  EXPECT_GT(kept, 1u);
  const SweepOutcome outcome = run("a");
  EXPECT_EQ(outcome.known, static_cast<std::int64_t>(kept));
  EXPECT_LT(kept, outcome.records.size());
  run("b");
  EXPECT_TRUE(records("a") == records("b"));
}

TEST_F(Sweep, RecordsOfAnotherSweepAreRefused) {
  run("a");
  std::string text = records("a");
  const std::size_t ratio = text.rfind("\"ratio\":0.");
  text.replace(ratio, 11, "\"ratio\":0.7");
  folder.write("a/records.jsonl", text);
  EXPECT_NE(std::string(error_of("a").what()).find("is not of this sweep"), std::string::npos);
  folder.write("a/records.jsonl", records("a") + records("a"));
  EXPECT_EQ(error_of("a").kind(), ErrorKind::bad_input);
}

TEST_F(Sweep, ScoresOfOtherDataAreRefused) {
  run("a");
  std::filesystem::copy_file(folder / "a/scores/tiny-ce-0.json", folder / "a/scores/tiny-ce-1.json",
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_NE(std::string(error_of("a").what()).find("tiny-ce-1.json"), std::string::npos);
}

TEST_F(Sweep, DamagedFilesAreNamed) {
  request.config.options.alpha = "auto";
  run("a");
  const std::string whole = records("a");
  const auto refused = [&](const std::string& file, const std::string& text) {
    const std::string before = read_file(folder / "a" / file);
    folder.write("a/" + file, text);
    const Error error = error_of("a");
    EXPECT_EQ(error.kind(), ErrorKind::bad_input) << error.what();
    EXPECT_NE(std::string(error.what()).find(file), std::string::npos) << error.what();
    folder.write("a/" + file, before);
  };
  const std::string scores = "scores/tiny-ce-0.json";
  Json other = read_json(folder / "a" / scores);
  other["options"]["loss"] = 1;
  refused(scores, pretty(other));
  other["options"]["loss"] = "ce";
  other["sites"][0]["units"] = "9";
  refused(scores, pretty(other));
  for (const char* text : {"", "{", "[]", "{}"}) refused(scores, text);
  for (const char* line : {"", "{", "[]", "{}", "null"}) {
    refused("heldout.jsonl", std::string(line) + "\n");
    refused("records.jsonl", std::string(line) + "\n" + whole);
  }
  // These are only written.
  folder.write("a/summary.json", "{");
  folder.write("a/tables/quality.md", "half");
  run("a");
  EXPECT_TRUE(records("a") == whole);
  EXPECT_NE(read_file(folder / "a/tables/quality.md"), "half");
}

}  // namespace
}  // namespace hies::sweep
