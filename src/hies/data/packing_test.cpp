#include "hies/data/packing.h"

#include <algorithm>
#include <set>

#include "hies/base/rng.h"
#include "hies/data/test_files.h"

namespace hies::data {
namespace {

Dataset random_dataset(std::uint64_t seed) {
  Rng rng(seed);
  Dataset dataset;
  dataset.examples.resize(1 + rng.below(60));
  for (Example& example : dataset.examples) {
    const std::size_t length = 1 + rng.below(40);
    for (std::size_t i = 0; i < length; ++i) {
      example.ids.push_back(static_cast<std::int32_t>(rng.below(1000)));
      example.type_ids.push_back(static_cast<std::int32_t>(rng.below(2)));
    }
  }
  return dataset;
}

void expect_whole(const Dataset& dataset, const std::vector<model::Batch>& batches, std::int64_t batch_tokens) {
  std::multiset<std::int64_t> seen;
  for (const model::Batch& batch : batches) {
    ASSERT_GT(batch.size(), 0);
    ASSERT_EQ(batch.examples.size(), static_cast<std::size_t>(batch.size()));
    EXPECT_TRUE(batch.token_count() <= batch_tokens || batch.size() == 1);
    for (std::int64_t b = 0; b < batch.size(); ++b) {
      const Example& example = dataset.examples[static_cast<std::size_t>(batch.examples[static_cast<std::size_t>(b)])];
      seen.insert(batch.examples[static_cast<std::size_t>(b)]);
      ASSERT_EQ(batch.length(b), static_cast<std::int64_t>(example.ids.size()));
      const auto begin = batch.offsets[static_cast<std::size_t>(b)];
      EXPECT_TRUE(std::equal(example.ids.begin(), example.ids.end(), batch.tokens.begin() + begin));
      EXPECT_TRUE(std::equal(example.type_ids.begin(), example.type_ids.end(), batch.token_types.begin() + begin));
    }
  }
  std::multiset<std::int64_t> all;
  for (std::int64_t i = 0; i < dataset.size(); ++i) all.insert(i);
  EXPECT_EQ(seen, all);
}

std::vector<std::int64_t> order_of(const std::vector<model::Batch>& batches) {
  std::vector<std::int64_t> order;
  for (const model::Batch& batch : batches) order.insert(order.end(), batch.examples.begin(), batch.examples.end());
  return order;
}

TEST(Packing, EveryExampleOnceAndNoBatchTooLarge) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    const Dataset dataset = random_dataset(seed);
    const auto batch_tokens = static_cast<std::int64_t>(1 + Rng(seed ^ 77).below(200));
    expect_whole(dataset, pack(dataset, batch_tokens), batch_tokens);
  }
}

TEST(Packing, SortedByLengthThenIndex) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const Dataset dataset = random_dataset(seed);
    const std::vector<std::int64_t> order = order_of(pack(dataset, 64));
    for (std::size_t i = 1; i < order.size(); ++i) {
      const std::size_t before = dataset.examples[static_cast<std::size_t>(order[i - 1])].ids.size();
      const std::size_t after = dataset.examples[static_cast<std::size_t>(order[i])].ids.size();
      EXPECT_TRUE(before > after || (before == after && order[i - 1] < order[i]));
    }
  }
}

TEST(Packing, NoBatchCouldTakeTheNextSequence) {
  const Dataset dataset = random_dataset(3);
  const std::vector<model::Batch> batches = pack(dataset, 90);
  for (std::size_t i = 1; i < batches.size(); ++i) EXPECT_GT(batches[i - 1].token_count() + batches[i].length(0), 90);
}

TEST(Packing, RefusesABudgetOfNothing) {
  expect_error(error_of([] { pack(random_dataset(1), 0); }), ErrorKind::bad_input, "`batch_tokens` is 0");
  EXPECT_TRUE(pack(Dataset{}, 1).empty());
}

}  // namespace
}  // namespace hies::data
