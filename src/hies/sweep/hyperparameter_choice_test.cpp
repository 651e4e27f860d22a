// Which rows choose alpha and loss, and which judge.

#include <set>

#include "hies/sweep/test_sweep.h"

namespace hies::sweep {
namespace {

// Says what it was warned of.
struct Warnings : Progress {
  void warn(std::string_view message) override { text += std::string(message) + "\n"; }
  std::string text;
};

TEST_F(Sweep, AlphaIsChosenWithoutDev) {
  request.config.options.alpha = "auto";
  request.config.options.losses = {"task", "logit-norm"};
  request.config.options.loss = "auto";
  const SweepOutcome first = run("a");
  // Other evaluation labels may change every measurement, but not the choice.
  dev = folder.write(
      "dev2.tsv", "text\tlabel\nThe great film\tbad\nis it a movie?\tgood\nThe film!\tbad\nit is great\tfair\na movie\tgood\n");
  request.config.runs[0].data = dev;
  const SweepOutcome second = run("b");
  EXPECT_EQ(first.summary["runs"][0]["choices"], second.summary["runs"][0]["choices"]);
  std::set<std::pair<double, std::string>> chosen;
  for (const evidence::Record& record : first.records) {
    EXPECT_TRUE(record.key.alpha_from.empty() || record.key.alpha_from == "calibration:heldout(2, seed 0)");
    if (!record.key.alpha_from.empty() && !record.key.loss_from.empty())
      chosen.emplace(record.key.alpha.value(), record.key.loss.value());
  }
  EXPECT_EQ(chosen.size(), 1u);  // of the only task
  // What was evaluated is not evaluated again.
  request.config.runs[0].data = folder / "dev.tsv";
  const std::string heldout = read_file(folder / "a/heldout.jsonl");
  std::filesystem::resize_file(folder / "a/records.jsonl", 0);
  run("a");
  EXPECT_EQ(read_file(folder / "a/heldout.jsonl"), heldout);
}

TEST_F(Sweep, TheHeldOutPartMustFit) {
  request.config.options.alpha = "auto";
  request.config.options.heldout = 7;
  const std::string message = error_of("a").what();
  EXPECT_NE(message.find("`heldout` is 7, but only"), std::string::npos) << message;
  EXPECT_FALSE(std::filesystem::exists(folder / "a/records.jsonl"));
}

TEST_F(Sweep, WarnsOfDevThatRanksHeads) {
  Warnings warnings;
  request.config.runs[0].data = calib;
  request.output = folder / "a";
  run_sweep(request, warnings);
  EXPECT_NE(warnings.text.find("is used both to rank the heads and to evaluate"), std::string::npos) << warnings.text;
  warnings.text.clear();
  request.config.runs[0].data = folder.write("copy.tsv", data::SmallTask::tsv());
  request.output = folder / "b";
  run_sweep(request, warnings);
  EXPECT_NE(warnings.text.find("4 of 4 calibration examples"), std::string::npos) << warnings.text;
  warnings.text.clear();
  request.config.runs[0].data = dev;
  request.output = folder / "c";
  run_sweep(request, warnings);
  EXPECT_EQ(warnings.text, "");
}

}  // namespace
}  // namespace hies::sweep
