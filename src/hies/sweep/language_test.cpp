#include <gtest/gtest.h>

#include <cmath>

#include "hies/pipeline/test_language.h"
#include "hies/sweep/sweep.h"

namespace hies::sweep {
namespace {

using LanguageSweep = pipeline::LanguageJobs;

TEST_F(LanguageSweep, ASweepTellsPerplexity) {
  SweepRequest request;
  request.version = "0.1.0";
  SweepOptions& options = request.config.options;
  options.methods = {"his", "hies"};
  options.alphas = {0.5};
  options.alpha = "auto";
  options.ratios = {0.25, 0.5};
  options.seeds = 1;
  options.examples = 2;
  options.heldout = 1;
  options.load.context = 4;
  const auto other = folder.write("train.txt", "b a d a c c a d b a b d a c d b");
  request.config.runs = {{"books", model, "perplexity", other, text}};
  request.output = folder / "sweep";
  const SweepOutcome outcome = run_sweep(request);
  ASSERT_FALSE(outcome.records.empty());
  for (const evidence::Record& record : outcome.records) {
    ASSERT_EQ(record.measured.metrics.size(), 3u);
    EXPECT_EQ(record.measured.metrics[0].first, "perplexity");
    EXPECT_GT(record.measured.metrics[0].second, 1);
    ASSERT_TRUE(record.measured.mean_loss);
    EXPECT_NEAR(std::log(record.measured.metrics[0].second), *record.measured.mean_loss, 1e-9);  // windows of four tokens each
  }
}

}  // namespace
}  // namespace hies::sweep
