#include "hies/sweep/grid.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "hies/base/error.h"

namespace hies::sweep {
namespace {

const data::Task& sst2() { return data::task("sst2"); }

// The message and hint of what checking the options throws.
std::string grid_refusal(const SweepOptions& options) {
  SweepConfig config;
  config.options = options;
  config.runs = {{"a", "model", "sst2", "train.tsv", "dev.tsv"}};
  try {
    check_config(config);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::bad_input);
    return std::string(error.what()) + " / " + error.hint();
  }
  return {};
}

template <class Change>
std::string refusal_after(const Change& change) {
  SweepOptions options;
  change(options);
  return grid_refusal(options);
}

TEST(Grid, TheDefaultIsThePapersProtocol) {
  EXPECT_EQ(grid_refusal({}), "");
  const std::vector<Cell> cells = grid(resolved({}), sst2());
  // 6 ratios of: 30 masks, ad, his, l2-out with 5 seeds, hies with 11 alphas, l2 without any.
  EXPECT_EQ(cells.size(), 6u * (30 + 5 + 5 + 5 + 5 * 11 + 1));
  for (const Cell& cell : cells) {
    EXPECT_EQ(cell.seed.has_value(), cell.method.name != "l2");
    EXPECT_EQ(cell.examples.has_value(), cell.method.name != "l2" && cell.method.name != "random");
    EXPECT_EQ(cell.alpha.has_value(), cell.method.name == "hies");
    EXPECT_EQ(cell.loss.has_value(), cell.method.name == "hies" || cell.method.name == "his");
    EXPECT_FALSE(cell.choose_alpha || cell.choose_loss);
  }
}

TEST(Grid, AlphaZeroAndOneAreAlwaysThere) {
  SweepOptions options;
  options.alphas = {0.5};
  EXPECT_EQ(resolved(options).alphas, (std::vector<double>{0, 0.5, 1}));
  options.alphas = {1, 0.25};
  EXPECT_EQ(resolved(options).alphas, (std::vector<double>{0, 0.25, 1}));
}

TEST(Grid, MethodsAreReadFromTheRegistry) {
  const GridMethod logit = parse_method("hies-logit/uniform");
  EXPECT_EQ(logit.name, "hies-logit");
  EXPECT_EQ(logit.scorer, "hies");
  EXPECT_EQ(logit.loss, "logit-norm");
  EXPECT_TRUE(logit.uniform && logit.takes_alpha && logit.reads_loss && logit.reads_data);
  EXPECT_TRUE(parse_method("l2-out+ae").takes_alpha);
  EXPECT_FALSE(parse_method("l2-out+ae").reads_loss);
  EXPECT_FALSE(parse_method("l2").reads_data);
  EXPECT_TRUE(parse_method("random").drawn);
  EXPECT_TRUE(parse_method("his+second-order").reads_loss);
  EXPECT_THROW(parse_method("his/unifrm"), Error);
}

TEST(Grid, LossesGoByTheTasksName) {
  SweepOptions options;
  options.losses = {"task", "logit-norm"};
  EXPECT_EQ(grid_losses(options, sst2()), (std::vector<std::string>{"ce", "logit-norm"}));
  EXPECT_EQ(grid_losses(options, data::task("stsb")), (std::vector<std::string>{"mse", "logit-norm"}));
  options.losses = {"task", "ce"};
  EXPECT_THROW(grid_losses(options, sst2()), Error);
  options.losses = {"task"};
  options.methods = {"hies-logit", "his"};
  EXPECT_EQ(scored_losses(options, sst2()), (std::vector<std::string>{"ce", "logit-norm"}));
  for (const Cell& cell : grid(resolved(options), sst2())) EXPECT_EQ(cell.loss, cell.method.name == "his" ? "ce" : "logit-norm");
}

TEST(Grid, ChosenValuesAreCellsBesideTheGrid) {
  SweepOptions options;
  options.methods = {"his", "hies"};
  options.alphas = {0, 1};
  options.ratios = {0.5};
  options.seeds = 2;
  options.losses = {"task", "logit-norm"};
  const std::size_t plain = grid(resolved(options), sst2()).size();
  EXPECT_EQ(plain, 2u * 2 + 2u * 2 * 2);
  const auto count = [&](bool alpha, bool loss) {
    const std::vector<Cell> cells = grid(resolved(options), sst2());
    return std::count_if(cells.begin(), cells.end(),
                         [&](const Cell& cell) { return cell.choose_alpha == alpha && cell.choose_loss == loss; });
  };
  options.alpha = "auto";
  EXPECT_EQ(count(true, false), 2 * 2);  // losses × seeds
  options.alpha = "grid";
  options.loss = "auto";
  EXPECT_EQ(count(false, true), 2 + 2 * 2);  // his, hies at each alpha
  options.alpha = "auto";
  EXPECT_EQ(count(false, true), 2);  // his
  EXPECT_EQ(count(true, true), 2);   // hies: both together
  EXPECT_EQ(count(false, false), static_cast<std::ptrdiff_t>(plain));
}

TEST(Grid, OtherCalibrationSizesHaveOneAlpha) {
  SweepOptions options;
  options.methods = {"hies", "random", "l2"};
  options.ratios = {0.5};
  options.seeds = 2;
  options.calibration_sizes = {1, 32, 64};
  EXPECT_EQ(scored_sizes(options), (std::vector<std::int64_t>{32, 1, 64}));
  std::set<double> alphas;
  std::size_t others = 0;
  for (const Cell& cell : grid(resolved(options), sst2())) {
    if (!cell.examples || *cell.examples == 32) continue;
    EXPECT_EQ(cell.method.name, "hies");
    alphas.insert(cell.alpha.value());
    ++others;
  }
  EXPECT_EQ(others, 2u * 2);
  EXPECT_EQ(alphas, std::set<double>{0.7});
}

TEST(Grid, BadOptionsAreNamed) {
  using O = SweepOptions;
  EXPECT_NE(refusal_after([](O& o) { o.methods = {}; }).find("empty"), std::string::npos);
  EXPECT_NE(refusal_after([](O& o) { o.ratios = {}; }).find("no ratios"), std::string::npos);
  EXPECT_NE(refusal_after([](O& o) { o.ratios = {0.1, 0.3, 0.1}; }).find("0.1 is there twice"), std::string::npos);
  EXPECT_NE(refusal_after([](O& o) { o.ratios = {30}; }).find("30"), std::string::npos);
  EXPECT_NE(refusal_after([](O& o) { o.alphas = {-0.1}; }).find("-0.1"), std::string::npos);
  EXPECT_NE(refusal_after([](O& o) { o.methods = {"hise"}; }).find("did you mean 'hi"), std::string::npos);
  EXPECT_NE(refusal_after([](O& o) { o.methods = {"hies-logits"}; }).find("did you mean 'hies-logit'"), std::string::npos);
  EXPECT_NE(refusal_after([](O& o) { o.losses = {"logit-nrm"}; }).find("did you mean 'logit-norm'"), std::string::npos);
  EXPECT_NE(refusal_after([](O& o) { o.alpha = "0.5"; }).find("`alphas`"), std::string::npos);
  EXPECT_NE(refusal_after([](O& o) { o.loss = "auto"; }).find("only one"), std::string::npos);
  EXPECT_NE(refusal_after([](O& o) { o.seeds = 0; }).find("`seeds` is 0"), std::string::npos);
  EXPECT_NE(refusal_after([](O& o) { o.heldout = 0; }).find("`heldout` is 0"), std::string::npos);
  EXPECT_NE(refusal_after([](O& o) { o.calibration_sizes = {4, 4}; }).find("4 is there twice"), std::string::npos);
  EXPECT_NE(refusal_after([](O& o) { o.execution.dtype = "float8"; }).find("float8"), std::string::npos);
}

}  // namespace
}  // namespace hies::sweep
