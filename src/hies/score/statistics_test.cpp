
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "hies/base/test_files.h"
#include "hies/score/scores.h"
#include "hies/score/statistics/ae.h"
#include "hies/score/statistics/his.h"
#include "hies/score/statistics/l2_out.h"
#include "hies/score/statistics/second_order.h"
#include "hies/score/test_tables.h"

namespace hies::score {
namespace {

// Two layers, of two heads and of one.
model::Layout layout() { return layout_of({{{0, 2}, {0, 2}, 3, 3, 8}, {{1}, {1}, 3, 3, 8}}); }

model::Recorder everything() {
  model::Recorder recorder;
  recorder.want_inner = recorder.want_entropy = recorder.want_out_sq = true;
  return recorder;
}

// Example x of length x + 1: inner, entropy and squares are simple functions of x, layer and head.
double inner_of(std::int64_t x, std::size_t layer, std::size_t head) {
  return (x % 2 == 0 ? 1.0 : -1.0) *
         static_cast<double>((x + 1) * (2 * static_cast<std::int64_t>(layer) + 1 + static_cast<std::int64_t>(head)));
}

void run_batch(ExampleStatistics& statistics, const std::vector<std::int64_t>& examples) {
  const model::Layout heads = layout();
  model::Batch batch;
  model::RunResult result;
  model::Recorder recorder = everything();
  recorder.layers.resize(2);
  for (const std::int64_t x : examples) {
    batch.add(x, std::vector<std::int32_t>(static_cast<std::size_t>(x + 1)),
              std::vector<std::int32_t>(static_cast<std::size_t>(x + 1)));
    result.losses.push_back(static_cast<double>(x));
    for (std::size_t layer = 0; layer < recorder.layers.size(); ++layer) {
      recorder.layers[layer].entropy_queries.push_back(x == 0 ? 0 : x + 1);
      for (std::size_t head = 0; head < heads.attention(static_cast<int>(layer)).units.size(); ++head) {
        recorder.layers[layer].inner.push_back(inner_of(x, layer, head));
        recorder.layers[layer].inner_abs.push_back(2 * std::abs(inner_of(x, layer, head)));
        recorder.layers[layer].entropy.push_back(x == 0 ? 0 : static_cast<double>(x + 1) * 0.1 * static_cast<double>(x));
        recorder.layers[layer].out_sq.push_back(static_cast<double>((x + 1) * (x + 1) * (x + 1)));
      }
    }
  }
  statistics.add(heads, batch, result, recorder);
}

ExampleStatistics four_examples() {
  ExampleStatistics statistics(layout(), 4, everything(), true);
  run_batch(statistics, {0, 1, 2, 3});
  return statistics;
}

TEST(ExampleStatistics, ImportanceOfEachGranularity) {
  const ExampleStatistics statistics = four_examples();
  // |inner| / n is 2·layer + 1 + head for every example.
  const auto by_example = importance(layout(), statistics, Granularity::example, 32);
  EXPECT_EQ(by_example, table_of({{1, 2}, {3}}));
  EXPECT_EQ(importance(layout(), statistics, Granularity::token, 32), table_of({{2, 4}, {6}}));
  // Signs alternate: groups of two cancel; of three leave a third in the first group and one example in the second.
  EXPECT_EQ(importance(layout(), statistics, Granularity::batch, 2), table_of({{0, 0}, {0}}));
  const auto threes = importance(layout(), statistics, Granularity::batch, 3);
  EXPECT_NEAR(threes.attention(0)[1], (2.0 / 3 + 2) / 2, 1e-15);
  EXPECT_EQ(importance(layout(), statistics, Granularity::batch, 1), by_example);
}

TEST(ExampleStatistics, OrderAndCompanyOfRunsDoNotMatter) {
  const ExampleStatistics together = four_examples();
  ExampleStatistics apart(layout(), 4, everything(), true);
  run_batch(apart, {2, 0});
  run_batch(apart, {3});
  run_batch(apart, {1});
  EXPECT_EQ(apart.tokens, together.tokens);
  EXPECT_EQ(apart.losses, together.losses);
  for (const auto granularity : {Granularity::example, Granularity::token, Granularity::batch})
    EXPECT_EQ(importance(layout(), apart, granularity, 3), importance(layout(), together, granularity, 3));
  EXPECT_EQ(entropy(layout(), apart), entropy(layout(), together));
  EXPECT_EQ(output_norm(layout(), apart), output_norm(layout(), together));
}

TEST(ExampleStatistics, EntropyLeavesOutExamplesWithoutQueries) {
  // Examples 1, 2, 3 have 0.1, 0.2, 0.3; example 0 has one token.
  EXPECT_NEAR(entropy(layout(), four_examples()).attention(1)[0], 0.2, 1e-15);
}

TEST(ExampleStatistics, EntropyOfSingleTokensIsAnError) {
  ExampleStatistics statistics(layout(), 1, everything(), true);
  run_batch(statistics, {0});
  EXPECT_THROW(entropy(layout(), statistics), Error);
}

TEST(ExampleStatistics, NormsAndTheBoundsTerms) {
  const ExampleStatistics statistics = four_examples();
  // √(n³/n) = n, mean of 1 … 4.
  EXPECT_NEAR(output_norm(layout(), statistics).attention(0)[1], 2.5, 1e-15);
  EXPECT_NEAR(output_squares(layout(), statistics).attention(0)[1], (1 + 8 + 27 + 64) / 4.0, 1e-15);
  // |inner| = n · (2·layer + 1 + head), not divided by n.
  EXPECT_NEAR(gate_gradient(layout(), statistics).attention(1)[0], 2.5 * 3, 1e-15);
}

TEST(ExampleStatistics, LayersWithoutHeadsHaveEmptyRows) {
  const model::Layout empty = layout_of({{{}, {}, 3, 3, 8}, {{1}, {1}, 3, 3, 8}});
  ExampleStatistics statistics(empty, 1, everything(), false);
  statistics.tokens = {2};
  statistics.layers[1].inner = {4};
  statistics.layers[1].entropy = {1};
  statistics.layers[0].entropy_queries = statistics.layers[1].entropy_queries = {2};
  EXPECT_EQ(importance(empty, statistics, Granularity::example, 1), table_of({{}, {2}}));
  EXPECT_EQ(entropy(empty, statistics), table_of({{}, {0.5}}));
}

TEST(Statistics, HaveNamesOfTheirOwn) {
  std::set<std::string_view> names, tables;
  for (const Statistic& statistic : statistics()) {
    EXPECT_TRUE(names.insert(statistic.name).second) << statistic.name;
    EXPECT_FALSE(statistic.tables.empty()) << statistic.name;
    for (const StatisticTable& table : statistic.tables) EXPECT_TRUE(tables.insert(table.name).second) << table.name;
    EXPECT_TRUE(statistic.reads_data() || statistic.read_weights != nullptr) << statistic.name;
    EXPECT_EQ(&find_statistic(statistic.name), &statistic);
  }
  EXPECT_EQ(statistic_names(), (std::vector<std::string>{"his", "ae", "fisher", "l2", "l2-out", "second-order", "wanda",
                                                         "minitron", "contribution", "taylor"}));
  EXPECT_EQ(statistic_names(model::SiteKind::ffn),
            (std::vector<std::string>{"his", "fisher", "l2", "wanda", "minitron", "contribution", "taylor"}));
  EXPECT_EQ(default_statistics(), (std::vector<std::string>{"his", "ae", "l2", "l2-out"}));
  EXPECT_EQ(weight_statistics(), std::vector<std::string>{"l2"});
  EXPECT_NE(error_of([] { find_statistic("l2out"); }).hint().find("l2-out"), std::string::npos);
}

TEST(Statistics, AreThereWhenAllIsThatTheyGive) {
  for (const Statistic& statistic : statistics()) {
    Scores scores;
    for (const StatisticTable& table : statistic.tables) scores.tables[std::string(table.name)];
    for (const std::string_view name : statistic.site_values) scores.site_values[std::string(name)];
    for (const std::string_view name : statistic.constants) scores.constants[std::string(name)];
    EXPECT_TRUE(scores.has(statistic.name)) << statistic.name;
    scores.tables.erase(scores.tables.begin());
    EXPECT_FALSE(scores.has(statistic.name)) << statistic.name;
  }
}

TEST(Statistics, AggregationIsTheTables) {
  EXPECT_EQ(aggregation_of("his"), Aggregation::importance);
  EXPECT_EQ(aggregation_of("ae"), Aggregation::mean);
  EXPECT_EQ(aggregation_of("l2"), Aggregation::norm);
  EXPECT_EQ(aggregation_of("l2-out"), Aggregation::norm);
  EXPECT_EQ(aggregation_of("a later version's"), Aggregation::importance);
}

}  // namespace
}  // namespace hies::score
