#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>

#include "hies/base/test_files.h"
#include "hies/score/methods/method.h"
#include "hies/score/methods/normalise.h"
#include "hies/score/methods/unit_scores.h"
#include "hies/score/options.h"
#include "hies/score/statistics/statistic.h"
#include "hies/score/test_tables.h"

namespace hies::score {
namespace {

// Layers of two heads and one; head 1 of layer 0 is removed.
Scores small_scores() {
  Scores scores;
  scores.layout = layout_of({{{0, 2}, {0, 2}, 3, 3, 8}, {{1}, {1}, 3, 3, 8}});
  scores.tables["his"] = table_of({{1, 3}, {5}});
  scores.tables["ae"] = table_of({{0.2, 0.6}, {0.4}});
  scores.tables["l2"] = table_of({{9, 8}, {7}});
  scores.tables["l2-out"] = table_of({{4, 2}, {6}});
  scores.tables["gate_grad"] = table_of({{10, 20}, {30}});
  scores.tables["a_sq"] = table_of({{1, 2}, {3}});
  scores.tables["output_norm"] = table_of({{1, 1}, {1}});
  scores.site_values["output_norm"] = {{model::attention_site(0), 2}, {model::attention_site(1), 3}};
  scores.constants["curvature"] = 0.5;
  return scores;
}

using Table = std::vector<std::vector<double>>;

model::UnitTable<double> keep(const std::string& method, double alpha = 0.7, const std::string& normalise = "global",
                              std::uint64_t seed = 0) {
  return keep_scores(small_scores(), {method, alpha, normalise, seed});
}

void expect_near(const model::UnitTable<double>& got, const Table& wanted, double tolerance = 1e-15) {
  ASSERT_EQ(got.size(), wanted.size());
  for (const auto& [site, row] : got) {
    const std::vector<double>& wanted_row = wanted[static_cast<std::size_t>(site.layer)];
    ASSERT_EQ(row.size(), wanted_row.size()) << "layer " << site.layer;
    for (std::size_t head = 0; head < row.size(); ++head)
      EXPECT_NEAR(row[head], wanted_row[head], tolerance) << "layer " << site.layer << ", head " << head;
  }
}

TEST(MinMax, GlobalAndPerLayer) {
  const model::UnitTable<double> table = table_of({{1, 3}, {5, 5}, {}});
  expect_near(min_max(table, Scope::global), {{0, 0.5}, {1, 1}, {}});
  expect_near(min_max(table, Scope::per_layer), {{0, 1}, {0, 0}, {}});
}

TEST(MinMax, AllEqualIsZero) { expect_near(min_max(table_of({{4, 4}, {4}}), Scope::global), {{0, 0}, {0}}); }

TEST(Methods, TablesAsTheyAre) {
  expect_near(keep("his"), {{1, 3}, {5}});
  expect_near(keep("ad"), {{0.2, 0.6}, {0.4}});
  expect_near(keep("l2"), {{9, 8}, {7}});
  expect_near(keep("l2-out"), {{4, 2}, {6}});
}

TEST(Methods, HiesMixesImportanceAndConcentration) {
  // min–max: HIS 0, ½, 1; AE 0, 1, ½.
  expect_near(keep("hies", 0.7), {{0.3, 0.35}, {0.7 + 0.15}});
  expect_near(keep("hies", 1), {{0, 0.5}, {1}});
  expect_near(keep("hies", 0), {{1, 0}, {0.5}});
}

TEST(Methods, HiesPerLayer) {
  // Alone in its layer, a head has min–max 0 in both tables.
  expect_near(keep("hies", 0.7, "per-layer"), {{0.3, 0.7}, {0.3}});
  expect_near(keep("his", 0.7, "per-layer"), {{0, 1}, {0}});
}

TEST(Methods, OutputNormAndConcentration) { expect_near(keep("l2-out+ae", 0.5), {{0.25 + 0.5, 0}, {0.5 + 0.25}}); }

TEST(Methods, SecondOrderAddsTheBoundsTerm) {
  // β = ½·2² = 2 and ½·3² = 4.5; + β/2·a_sq.
  expect_near(keep("his+second-order"), {{10 + 1, 20 + 2}, {30 + 4.5 / 2 * 3}});
}

TEST(Methods, RandomFollowsSeedAndOriginalPlace) {
  EXPECT_EQ(keep("random", 0.7, "global", 5), keep("random", 0.7, "global", 5));
  EXPECT_NE(keep("random", 0.7, "global", 5), keep("random", 0.7, "global", 6));
  Scores whole = small_scores();
  for (const int layer : {0, 1}) whole.layout.attention(layer).units = whole.layout.attention(layer).kv_heads = {0, 1, 2};
  const auto all = keep_scores(whole, {"random", 0.7, "global", 5});
  EXPECT_EQ(keep("random", 0.7, "global", 5), table_of({{all.attention(0)[0], all.attention(0)[2]}, {all.attention(1)[1]}}));
}

TEST(Methods, RandomIsUniform) {
  Scores scores;
  scores.layout = layout_of({{{}, {}, 10000, 10000, 1}});
  for (int head = 0; head < 10000; ++head) scores.layout.attention(0).units.push_back(head);
  double sum = 0;
  const auto table = keep_scores(scores, {"random", 0.7, "global", 1});
  for (const double value : table.attention(0)) {
    ASSERT_GE(value, 0);
    ASSERT_LT(value, 1);
    sum += value;
  }
  EXPECT_NEAR(sum / 10000, 0.5, 0.015);  // five standard errors
}

TEST(Methods, AlphaMustBeAShare) {
  for (const double alpha : {-0.1, 1.1, std::nan(""), HUGE_VAL})
    EXPECT_EQ(error_of([&] { keep("hies", alpha); }).kind(), ErrorKind::bad_input) << alpha;
}

TEST(Methods, MissingTableSaysHowToComputeIt) {
  for (const Method& method : methods()) {
    Scores scores = small_scores();
    scores.tables.clear();
    if (method.tables.empty()) {
      EXPECT_NO_THROW(keep_scores(scores, {std::string(method.name), 0.7, "global", 0}));
      continue;
    }
    const Error error = error_of([&] { keep_scores(scores, {std::string(method.name), 0.7, "global", 0}); });
    EXPECT_EQ(error.kind(), ErrorKind::bad_input) << method.name;
    for (const std::string_view table : method.tables)
      EXPECT_NE(error.hint().find(table, error.hint().find("`tables`")), std::string::npos)
          << method.name << ": " << error.hint();
  }
}

TEST(Methods, SecondOrderNeedsItsNorms) {
  Scores scores = small_scores();
  scores.site_values.clear();
  EXPECT_NE(error_of([&] {
              keep_scores(scores, {"his+second-order", 0.7, "global", 0});
            })
                .hint()
                .find("second-order"),
            std::string::npos);
}

TEST(Methods, NeedOnlyTablesThatCanBeAskedFor) {
  std::set<std::string_view> names;
  for (const Method& method : methods()) {
    EXPECT_TRUE(names.insert(method.name).second) << method.name;
    ScoreOptions options;
    options.tables.assign(method.tables.begin(), method.tables.end());
    if (method.tables.empty()) continue;
    EXPECT_NO_THROW(check_options(options)) << method.name;
  }
}

TEST(Methods, UnknownNamesAreSuggested) {
  EXPECT_NE(error_of([] { keep("hiess"); }).hint().find("did you mean 'hies'"), std::string::npos);
  EXPECT_NE(error_of([] { keep("hies", 0.5, "perlayer"); }).hint().find("per-layer"), std::string::npos);
}

TEST(Methods, HiesOfTheGoldens) {
  int compared = 0;
  for (const auto& entry : std::filesystem::directory_iterator(HIES_SOURCE_DIR "/tests/golden")) {
    if (!std::filesystem::exists(entry.path() / "golden.json")) continue;
    SCOPED_TRACE(entry.path().filename().string());
    const Json golden = read_json(entry.path() / "golden.json");
    Scores scores;
    scores.tables["his"] = table_of(golden["his"][golden["task_loss"].get<std::string>()].get<Table>());
    scores.tables["ae"] = table_of(golden["ae_mean"].get<Table>());
    expect_near(keep_scores(scores, {"hies", 0.7, "global", 0}), golden["hies_0.7"].get<Table>(), 1e-12);
    ++compared;
  }
  EXPECT_GE(compared, 6);
}

TEST(Options, AreChecked) {
  const auto bad = [](auto change) {
    ScoreOptions options;
    change(options);
    return error_of([&] { check_options(options); }).kind() == ErrorKind::bad_input;
  };
  EXPECT_NO_THROW(check_options(ScoreOptions{}));
  EXPECT_TRUE(bad([](ScoreOptions& o) { o.granularity = "head"; }));
  EXPECT_TRUE(bad([](ScoreOptions& o) { o.loss = "hinge"; }));
  EXPECT_TRUE(bad([](ScoreOptions& o) { o.tables = {"his", "gate_grad"}; }));
  EXPECT_TRUE(bad([](ScoreOptions& o) { o.tables.clear(); }));
  EXPECT_TRUE(bad([](ScoreOptions& o) { o.batch_examples = 0; }));
  EXPECT_TRUE(bad([](ScoreOptions& o) { o.batch_tokens = 0; }));
}

// Two KV heads of two query heads each.
Scores grouped_scores() {
  Scores scores;
  scores.layout = layout_of({{{0, 1, 2, 3}, {0, 1}, 4, 2, 8}});
  scores.tables["his"] = table_of({{1, 3, 4, 6}});
  scores.tables["ae"] = table_of({{0.2, 0.4, 0.9, 0.3}});
  scores.tables["l2"] = table_of({{3, 4, 6, 8}});
  return scores;
}

UnitScores units_of(const std::string& method, const std::string& units, const std::string& group = "sum", double alpha = 0.5) {
  return unit_scores(grouped_scores(), {method, alpha, "global", 0, units, group});
}

TEST(UnitScores, GatherBeforeNormalising) {
  EXPECT_EQ(units_of("his", "").kind, model::UnitKind::kv_group);
  EXPECT_EQ(units_of("his", "").units, groups_of({{{0, 1}, {2, 3}}}));
  expect_near(units_of("his", "").keep, {{4, 10}});
  expect_near(units_of("his", "kv-group", "max").keep, {{3, 6}});
  expect_near(units_of("ad", "kv-group").keep, {{0.3, 0.6}});
  expect_near(units_of("ad", "kv-group", "max").keep, {{0.3, 0.6}});
  expect_near(units_of("l2", "kv-group").keep, {{5, 10}});
  // min–max of two units, not of four heads.
  expect_near(units_of("hies", "kv-group").keep, {{0.5, 0.5}});
  expect_near(units_of("hies", "kv-group", "sum", 0.75).keep, {{0.25, 0.75}});
}

TEST(UnitScores, SingleHeadsAreTheHeads) {
  for (const Method& method : methods()) {
    const auto is_there = [](std::string_view statistic) { return grouped_scores().has(statistic); };
    if (!std::all_of(method.tables.begin(), method.tables.end(), is_there)) continue;
    const MethodOptions options = {std::string(method.name), 0.7, "global", 3, "head"};
    EXPECT_EQ(unit_scores(grouped_scores(), options).keep, keep_scores(grouped_scores(), options));
  }
  EXPECT_EQ(unit_scores(small_scores(), {"his", 0.7, "global", 0}).kind, model::UnitKind::head);
}

TEST(UnitScores, EvenTakesTheLowestOfEachGroup) {
  Scores scores = grouped_scores();
  scores.tables["his"] = table_of({{3, 1, 4, 6}});
  const UnitScores even = unit_scores(scores, {"his", 0.7, "global", 0, "even"});
  EXPECT_EQ(even.units, groups_of({{{0, 3}, {1, 2}}}));
  expect_near(even.keep, {{9, 5}});
  expect_near(spread_over_heads(even, scores.layout), {{9, 5, 5, 9}});
}

TEST(UnitScores, PaddingHeadsTakeNoPart) {
  Scores scores = grouped_scores();
  scores.layout.attention(0).padding = {1};
  scores.tables["his"] = table_of({{1, 0, 4, 6}});
  const UnitScores units = unit_scores(scores, {"his", 0.7, "global", 0});
  EXPECT_EQ(units.units, groups_of({{{0}, {2, 3}}}));
  expect_near(units.keep, {{1, 10}});
  expect_near(spread_over_heads(units, scores.layout), {{1, 1, 10, 10}});
}

// A model of one layer with two heads and three neurons.
Scores scores_of_both_sites() {
  Scores scores = small_scores();
  scores.layout = {};
  scores.tables.clear();
  const model::Site heads = model::attention_site(0), neurons = model::ffn_site(0);
  scores.layout[heads] = {{0, 1}, {0, 1}, 2, 2, 4};
  scores.layout[neurons] = {{0, 1, 2}, {}, 3, 0, 1};
  scores.tables["his"][heads] = {1, 3};
  scores.tables["ae"][heads] = {0.5, 0.25};
  scores.tables["his"][neurons] = {5, 6, 7};
  scores.tables["fisher"][heads] = {100, 200};
  scores.tables["fisher"][neurons] = {30, 20, 10};
  return scores;
}

TEST(UnitScores, EachSiteByItsOwnMethod) {
  const Scores scores = scores_of_both_sites();
  MethodOptions options;
  options.sites = "attention,ffn";
  options.ffn_method = "fisher";
  const UnitScores mixed = unit_scores(scores, options);
  EXPECT_EQ(mixed.keep.at(model::attention_site(0)), (std::vector<double>{0, 1}));  // hies of heads alone
  EXPECT_EQ(mixed.keep.at(model::ffn_site(0)), (std::vector<double>{30, 20, 10}));
  EXPECT_FALSE(mixed.additive);
  EXPECT_EQ(tables_of(options), (std::vector<std::string>{"his", "ae", "fisher"}));
  options.method = "fisher";
  EXPECT_TRUE(unit_scores(scores, options).additive);
  options.sites = "attention";
  EXPECT_NE(std::string(error_of([&] { check_options(options); }).what()).find("`ffn_method` is fisher"), std::string::npos);
  options.sites = "attention,ffn";
  options.ffn_method = "hies";
  EXPECT_NE(std::string(error_of([&] { check_options(options); }).what()).find("no value for a neuron"), std::string::npos);
}

TEST(UnitScores, RandomDrawsForEverySite) {
  MethodOptions options;
  options.method = "random";
  const UnitScores heads = unit_scores(scores_of_both_sites(), options);
  options.sites = "attention,ffn";
  const UnitScores both = unit_scores(scores_of_both_sites(), options);
  EXPECT_EQ(both.keep.at(model::ffn_site(0)).size(), 3U);
  EXPECT_EQ(both.keep.at(model::attention_site(0)), heads.keep.at(model::attention_site(0)));
}

TEST(UnitScores, BadOptions) {
  EXPECT_EQ(error_of([] { units_of("his", "pair"); }).kind(), ErrorKind::bad_input);
  EXPECT_EQ(error_of([] { units_of("his", "head", "mean"); }).kind(), ErrorKind::bad_input);
}

}  // namespace
}  // namespace hies::score
