#include "hies/data/dataset.h"

#include <gtest/gtest.h>

namespace hies::data {
namespace {

std::vector<Example> two_examples() {
  return {{.ids = {101, 7, 102}, .type_ids = {0, 0, 0}, .label = 1, .row = 2},
          {.ids = {101, 102}, .type_ids = {0, 1}, .label = 0, .row = 3}};
}

TEST(Dataset, HashFollowsContentNotPlace) {
  const std::string hash = content_hash(two_examples(), true);
  EXPECT_EQ(hash.size(), 32u);
  EXPECT_NE(content_hash(two_examples(), false), hash);
  auto changed = two_examples();
  changed[0].row = 99;
  EXPECT_EQ(content_hash(changed, true), hash);
  changed[0].label = 0;
  EXPECT_NE(content_hash(changed, true), hash);
  EXPECT_EQ(content_hash(changed, false), content_hash(two_examples(), false));
  changed = two_examples();
  changed[1].type_ids[1] = 0;
  EXPECT_NE(content_hash(changed, true), hash);
  changed = two_examples();
  std::swap(changed[0], changed[1]);
  EXPECT_NE(content_hash(changed, true), hash);
  changed = two_examples();  // a token that moves over the border between two examples
  changed[0].ids = {101, 7};
  changed[0].type_ids = {0, 0};
  changed[1].ids = {102, 101, 102};
  changed[1].type_ids = {0, 0, 1};
  EXPECT_NE(content_hash(changed, false), content_hash(two_examples(), false));
}

TEST(Dataset, CountsTokens) {
  Dataset dataset;
  dataset.examples = two_examples();
  EXPECT_EQ(dataset.token_count(), 5);
  EXPECT_EQ(dataset.size(), 2);
}

}  // namespace
}  // namespace hies::data
