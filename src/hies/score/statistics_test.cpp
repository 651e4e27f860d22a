#include "hies/score/notes.h"

#include <gtest/gtest.h>

#include <cmath>

#include "hies/base/error.h"

namespace hies::score {
namespace {

// Two layers, of two heads and of one.
model::HeadLayout layout() { return {{{0, 2}, {0, 2}, 3, 3, 8}, {{1}, {1}, 3, 3, 8}}; }

model::AttentionProbe everything() {
  model::AttentionProbe probe;
  probe.want_inner = probe.want_entropy = probe.want_out_sq = true;
  return probe;
}

// Example x of length x + 1: inner, entropy and squares are simple functions of x, layer and head.
double inner_of(std::int64_t x, std::size_t layer, std::size_t head) {
  return (x % 2 == 0 ? 1.0 : -1.0) *
         static_cast<double>((x + 1) * (2 * static_cast<std::int64_t>(layer) + 1 + static_cast<std::int64_t>(head)));
}

void run_batch(Notes& notes, const std::vector<std::int64_t>& examples) {
  const model::HeadLayout heads = layout();
  model::Batch batch;
  model::RunResult result;
  model::AttentionProbe probe = everything();
  probe.layers.resize(heads.size());
  for (const std::int64_t x : examples) {
    batch.add(x, std::vector<std::int32_t>(static_cast<std::size_t>(x + 1)),
              std::vector<std::int32_t>(static_cast<std::size_t>(x + 1)));
    result.losses.push_back(static_cast<double>(x));
    for (std::size_t layer = 0; layer < heads.size(); ++layer) {
      probe.layers[layer].entropy_queries.push_back(x == 0 ? 0 : x + 1);
      for (std::size_t head = 0; head < heads[layer].heads.size(); ++head) {
        probe.layers[layer].inner.push_back(inner_of(x, layer, head));
        probe.layers[layer].inner_abs.push_back(2 * std::abs(inner_of(x, layer, head)));
        probe.layers[layer].entropy.push_back(x == 0 ? 0 : static_cast<double>(x + 1) * 0.1 * static_cast<double>(x));
        probe.layers[layer].out_sq.push_back(static_cast<double>((x + 1) * (x + 1) * (x + 1)));
      }
    }
  }
  notes.add(heads, batch, result, probe);
}

Notes four_examples() {
  Notes notes(layout(), 4, everything(), true);
  run_batch(notes, {0, 1, 2, 3});
  return notes;
}

TEST(Notes, ImportanceOfEachGranularity) {
  const Notes notes = four_examples();
  // |inner| / n is 2·layer + 1 + head for every example.
  const auto by_example = importance(layout(), notes, Granularity::example, 32);
  EXPECT_EQ(by_example, (model::HeadTable<double>{{1, 2}, {3}}));
  EXPECT_EQ(importance(layout(), notes, Granularity::token, 32), (model::HeadTable<double>{{2, 4}, {6}}));
  // Signs alternate: groups of two cancel; of three leave a third in the first group and one example in the second.
  EXPECT_EQ(importance(layout(), notes, Granularity::batch, 2), (model::HeadTable<double>{{0, 0}, {0}}));
  const auto threes = importance(layout(), notes, Granularity::batch, 3);
  EXPECT_NEAR(threes[0][1], (2.0 / 3 + 2) / 2, 1e-15);
  EXPECT_EQ(importance(layout(), notes, Granularity::batch, 1), by_example);
}

TEST(Notes, OrderAndCompanyOfRunsDoNotMatter) {
  const Notes together = four_examples();
  Notes apart(layout(), 4, everything(), true);
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

TEST(Notes, EntropyLeavesOutExamplesWithoutQueries) {
  // Examples 1, 2, 3 have 0.1, 0.2, 0.3; example 0 has one token.
  EXPECT_NEAR(entropy(layout(), four_examples())[1][0], 0.2, 1e-15);
}

TEST(Notes, EntropyOfSingleTokensIsAnError) {
  Notes notes(layout(), 1, everything(), true);
  run_batch(notes, {0});
  EXPECT_THROW(entropy(layout(), notes), Error);
}

TEST(Notes, NormsAndTheBoundsTerms) {
  const Notes notes = four_examples();
  // √(n³/n) = n, mean of 1 … 4.
  EXPECT_NEAR(output_norm(layout(), notes)[0][1], 2.5, 1e-15);
  EXPECT_NEAR(output_squares(layout(), notes)[0][1], (1 + 8 + 27 + 64) / 4.0, 1e-15);
  // |inner| = n · (2·layer + 1 + head), not divided by n.
  EXPECT_NEAR(gate_gradient(layout(), notes)[1][0], 2.5 * 3, 1e-15);
}

TEST(Notes, LayersWithoutHeadsHaveEmptyRows) {
  const model::HeadLayout empty = {{{}, {}, 3, 3, 8}, {{1}, {1}, 3, 3, 8}};
  Notes notes(empty, 1, everything(), false);
  notes.tokens = {2};
  notes.layers[1].inner = {4};
  notes.layers[1].entropy = {1};
  notes.layers[0].entropy_queries = notes.layers[1].entropy_queries = {2};
  EXPECT_EQ(importance(empty, notes, Granularity::example, 1), (model::HeadTable<double>{{}, {2}}));
  EXPECT_EQ(entropy(empty, notes), (model::HeadTable<double>{{}, {0.5}}));
}

}  // namespace
}  // namespace hies::score
