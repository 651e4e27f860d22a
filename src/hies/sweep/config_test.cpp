#include <gtest/gtest.h>

#include "hies/base/error.h"
#include "hies/base/fields.h"
#include "hies/sweep/options.h"

namespace hies::sweep {
namespace {

SweepConfig read(const std::string& text) {
  SweepConfig config;
  read_config(parse_json(text, "grid.json"), "grid.json", config);
  return config;
}

std::string config_refusal(const std::string& text) {
  try {
    read(text);
  } catch (const Error& error) {
    return std::string(error.what()) + " / " + error.hint();
  }
  return {};
}

TEST(SweepConfig, OptionsHaveTheFlagsNamesAndForms) {
  const SweepConfig config = read(R"({"methods": "his,hies", "alphas": "0:1:0.5", "ratios": [0.2, 0.4], "seeds": 3,
    "calibration_sizes": [1, 2], "max_length": 64, "latency": true, "heldout_seed": 7,
    "runs": [{"model": "m", "task": "sst2", "calib": "t", "data": "d"}, {"name": "b", "model": "n", "task": "rte", "calib": "t", "data": "d"}]})");
  EXPECT_EQ(config.options.methods, (std::vector<std::string>{"his", "hies"}));
  EXPECT_EQ(config.options.alphas, (std::vector<double>{0, 0.5, 1}));
  EXPECT_EQ(config.options.ratios, (std::vector<double>{0.2, 0.4}));
  EXPECT_EQ(config.options.seeds, 3);
  EXPECT_EQ(config.options.calibration_sizes, (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(config.options.load.max_length, 64);
  EXPECT_EQ(config.options.heldout_seed, 7u);
  EXPECT_TRUE(config.options.latency);
  EXPECT_EQ(config.options.examples, 32);  // as without the file
  ASSERT_EQ(config.runs.size(), 2u);
  EXPECT_EQ(config.runs[0].name, "");
  EXPECT_EQ(config.runs[1].name, "b");
  EXPECT_EQ(config.runs[1].task, "rte");
}

TEST(SweepConfig, ResolvedOptionsAreAConfigFile) {
  SweepOptions options;
  options.methods = {"his/uniform"};
  options.ratios = {0.3};
  options.calibration_sizes = {8};
  options.alpha = "auto";
  options.load.text = "sentence";
  const Json json = options_json(options);
  SweepConfig config;
  read_config(json, "sweep.json", config);
  EXPECT_EQ(options_json(config.options), json);
}

TEST(SweepConfig, MistakesAreNamed) {
  EXPECT_NE(config_refusal(R"({"ratio": [0.1]})").find("unknown option 'ratio' / did you mean 'ratios'"), std::string::npos);
  EXPECT_NE(config_refusal(R"({"seeds": "five"})").find("seeds"), std::string::npos);
  EXPECT_NE(config_refusal(R"({"seeds": -1})").find("seeds"), std::string::npos);
  EXPECT_NE(config_refusal(R"({"methods": [1]})").find("methods[0]"), std::string::npos);
  EXPECT_NE(config_refusal(R"({"alphas": "0:1"})").find("alphas"), std::string::npos);
  EXPECT_NE(config_refusal(R"({"runs": [{"model": "m"}]})").find("runs[0].task"), std::string::npos);
  EXPECT_NE(config_refusal("[]").find("an object"), std::string::npos);
}

TEST(SweepConfig, RunsAreSplitAtTheLastColons) {
  const SweepRun run = parse_run("C:/models/a:sst2:train.tsv:dev.tsv");
  EXPECT_EQ(run.model, "C:/models/a");
  EXPECT_EQ(run.task, "sst2");
  EXPECT_EQ(run.calib, "train.tsv");
  EXPECT_EQ(run.data, "dev.tsv");
  for (const char* text : {"", "a", "a:b:c", ":sst2:t:d", "m:sst2:t:", "m::t:d"}) EXPECT_THROW(parse_run(text), Error) << text;
}

TEST(SweepConfig, RunsGetNamesThatTellThemApart) {
  std::vector<SweepRun> runs = {{"", "models/bert base", "sst2", "", ""},
                                {"", "other/bert base/", "rte", "", ""},
                                {"", "bert base", "rte", "", ""},
                                {"mine", "bert base", "rte", "", ""}};
  name_runs(runs);
  EXPECT_EQ(runs[0].name, "bert_base");
  EXPECT_EQ(runs[1].name, "bert_base-rte");
  EXPECT_EQ(runs[2].name, "bert_base-rte-2");
  EXPECT_EQ(runs[3].name, "mine");
}

}  // namespace
}  // namespace hies::sweep
