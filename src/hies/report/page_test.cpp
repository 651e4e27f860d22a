#include "hies/report/page.h"

#include <array>
#include <optional>

#include <gtest/gtest.h>

#include "hies/base/error.h"
#include "hies/report/operating_point.h"
#include "hies/report/prune_command.h"
#include "hies/report/text.h"

namespace hies::report {
namespace {

TEST(ScriptSafe, NothingEndsItsElement) {
  const Json json = {{"a</script>&<!--", "x\xE2\x80\xA8y\xE2\x80\xA9z\xE2\x80\x94"}};
  const std::string text = script_safe(json);
  EXPECT_EQ(text, "{\"a\\u003c/script\\u003e\\u0026\\u003c!--\":\"x\\u2028y\\u2029z\xE2\x80\x94\"}");
  EXPECT_EQ(Json::parse(text), json);
}

TEST(ScriptSafe, BytesThatAreNoTextAreReplaced) {
  EXPECT_EQ(script_safe(Json("a\xFF\xE2\x80")), "\"a\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

TEST(Page, HoldsItsDataOrSaysWhatIsMissing) {
  if (detail::kPageBefore.empty()) {
    try {
      page(Json::object());
      FAIL() << "there is no page";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::unsupported);
      EXPECT_NE(error.hint().find("--text"), std::string::npos);
    }
    return;
  }
  const std::string html = page({{"key", "value"}});
  EXPECT_NE(html.find("id=\"report-data\">{\"key\":\"value\"}</script>"), std::string::npos);
  EXPECT_LT(html.size(), 2'000'000u);
}

TEST(Sparkline, RunsFromTheLeastToTheMost) {
  const std::array<std::optional<double>, 5> numbers = {0, 50, std::nullopt, 99, 100};
  EXPECT_EQ(sparkline(numbers, 0, 100), "▁▅ ██");
  EXPECT_EQ(sparkline(std::array<std::optional<double>, 1>{3}, 3, 3), "█");
}

TEST(ShellWord, IsQuotedWhereItMustBe) {
  EXPECT_EQ(shell_word("a-b/c.tsv"), "a-b/c.tsv");
  EXPECT_EQ(shell_word("it's $(x)"), "'it'\\''s $(x)'");
  EXPECT_EQ(shell_word(""), "''");
}

TEST(PruneCommand, SaysOnlyWhatIsNotTheDefault) {
  const sweep::SweepRun run{"r", "models/m", "sst2", "my train.tsv", "dev.tsv"};
  sweep::SweepOptions options;
  evidence::Record record;
  record.key.method = "hies";
  record.key.alpha = 0.7;
  record.key.loss = "ce";
  record.key.examples = 32;
  EXPECT_EQ(prune_command(run, options, record),
            "hies prune models/m --task sst2 --calib 'my train.tsv' --method hies --alpha 0.7");
  options.method.normalise = "per-layer";
  options.budget.min_heads_per_layer = 2;
  options.load.max_length = 64;
  record.key.method = "hies-logit";
  record.key.loss = "logit-norm";
  record.key.examples = 8;
  record.key.uniform = true;
  EXPECT_EQ(
      prune_command(run, options, record),
      "hies prune models/m --task sst2 --calib 'my train.tsv' --method hies --alpha 0.7 --loss logit-norm --examples 8 --uniform "
      "--normalise per-layer --min-heads-per-layer 2 --max-length 64");
  options.load.max_length.reset();
  options.load.context = 128;  // of other runs beside this one
  options.load.image_size = 64;
  options.load.skip_bad = true;
  EXPECT_EQ(
      prune_command({"r", "m", "image-classification", "train", "test"}, options, record),
      "hies prune m --task image-classification --calib train --method hies --alpha 0.7 --loss logit-norm --examples 8 --uniform "
      "--normalise per-layer --min-heads-per-layer 2 --image-size 64 --skip-bad");
}

// A share of costs would mean the preset best, so that the command names another.
TEST(PruneCommand, HasSitesBudgetAndRefit) {
  const sweep::SweepRun run{"r", "m", "sst2", "train", "dev"};
  sweep::SweepOptions options;
  options.refit_options.refit_examples = 128;
  evidence::Record record;
  record.key.method = "fisher";
  record.key.loss = "logit-norm";
  record.key.sites = "attention,ffn";
  record.key.budget = "matrix_flops_ratio";
  record.key.refit = "all";
  EXPECT_EQ(prune_command(run, options, record),
            "hies prune m --task sst2 --calib train --preset paper --method fisher --sites attention,ffn --loss logit-norm "
            "--refit all --refit-examples 128");
  EXPECT_EQ(budget_flags(record.key), std::vector<std::string>{"--matrix-flops-ratio"});
  EXPECT_EQ(removed_noun(record.key), "matrices' FLOPs");
  record.key.budget = "ratio";
  record.key.refit = "none";
  EXPECT_EQ(prune_command(run, options, record),
            "hies prune m --task sst2 --calib train --method fisher --sites attention,ffn --loss logit-norm");
  EXPECT_EQ(budget_flags(record.key), (std::vector<std::string>{"--ratio", "--ffn-ratio"}));
  record.key.sites = "ffn";
  EXPECT_EQ(budget_flags(record.key), std::vector<std::string>{"--ffn-ratio"});
  record.key.uniform = true;
  EXPECT_EQ(budget_flags(record.key), std::vector<std::string>{"--ratio"});
}

evidence::TableCell mean(double value) { return evidence::number_cell(value); }

SeriesPoints series(const std::string& label, std::initializer_list<std::array<double, 3>> points) {
  SeriesPoints made;
  made.label = label;
  for (const auto& [ratio, quality, stability] : points) {
    Point point;
    point.ratio = ratio;
    point.quality = mean(quality);
    point.stability = mean(stability);
    made.points.push_back(point);
  }
  return made;
}

// The cases of report/web/test/stats.test.ts.
TEST(OperatingPoint, IsTheLargestRatioThatStaysStableAllTheWay) {
  RunPoints run{"r", evidence::stability_measure(), evidence::stability_measure(), {}, {}};
  run.series = {series("his", {{0.1, 89, 97}, {0.2, 88, 94}, {0.3, 87, 96}}),
                series("hies", {{0.1, 89, 98}, {0.2, 88, 95}, {0.3, 70, 94}}), series("l2", {{0.1, 89, 98}, {0.2, 88.5, 95}}),
                series("random", {{0.5, 99, 99}}), series("his", {{0.6, 99, 99}})};
  run.series[3].drawn = true;
  run.series[4].series.examples = 8;
  const auto found = operating_point(run, 95);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->series.label, "l2");
  EXPECT_EQ(found->point.ratio, 0.2);
  EXPECT_FALSE(operating_point(run, 99.5));
  // Where ratios are of different things, FLOPs compare them.
  run.series[0].points[0].flops_removed = 0.4;
  run.series[2].series.sites = "ffn";
  EXPECT_EQ(operating_point(run, 95)->series.label, "his");
}

}  // namespace
}  // namespace hies::report
