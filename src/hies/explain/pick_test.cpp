#include "hies/explain/pick.h"

#include <gtest/gtest.h>

#include "hies/base/error.h"

namespace hies::explain {
namespace {

data::Dataset dataset(bool with_labels = true) {
  data::Dataset made;
  made.source = "dev.tsv";
  made.has_labels = with_labels;
  for (const double label : {0.0, 1.0, 1.0, 0.0}) {
    data::Example example;
    example.ids = {1};
    example.label = label;
    example.row = made.size() + 2;
    made.examples.push_back(example);
  }
  return made;
}

eval::Predictions answers(std::vector<double> values) {
  eval::Predictions made;
  made.answers = std::move(values);
  return made;
}

using Places = std::vector<std::size_t>;

TEST(Pick, IsReadFromItsWords) {
  EXPECT_EQ(parse_pick("flipped").kind, Pick::Kind::flipped);
  EXPECT_EQ(parse_pick("wrong").kind, Pick::Kind::wrong);
  EXPECT_EQ(parse_pick("17,3").rows, (std::vector<std::int64_t>{17, 3}));
  for (const char* text : {"", "0", "-1", "3,", "3,x", "right", "99999999999999999999"})
    EXPECT_THROW(parse_pick(text), Error) << text;
}

TEST(Pick, FindsWhatDiffers) {
  const eval::Predictions before = answers({0, 1, 0, 1}), after = answers({0, 0, 1, 1});
  EXPECT_EQ(picked(parse_pick("flipped"), dataset(), before, &after, 0, 9), (Places{1, 2}));
  EXPECT_EQ(picked(parse_pick("flipped"), dataset(), before, &after, 0, 1), (Places{1}));
  EXPECT_EQ(picked(parse_pick("wrong"), dataset(), before, nullptr, 0, 9), (Places{2, 3}));
  EXPECT_EQ(picked(parse_pick("5,2"), dataset(), {}, nullptr, 0, 1), (Places{3, 0}));
  EXPECT_THROW(picked(parse_pick("flipped"), dataset(), before, &before, 0, 9), Error);
  EXPECT_THROW(picked(parse_pick("flipped"), dataset(), before, &after, 1, 9), Error);  // numbers that near agree
  EXPECT_THROW(picked(parse_pick("flipped"), dataset(), before, nullptr, 0, 9), Error);
  EXPECT_THROW(picked(parse_pick("wrong"), dataset(false), before, nullptr, 0, 9), Error);
  EXPECT_THROW(picked(parse_pick("6"), dataset(), before, nullptr, 0, 9), Error);
}

TEST(Pick, WindowsHaveNoAnswer) {
  data::Dataset windows = dataset();
  windows.examples[0].targets = 1;
  EXPECT_THROW(picked(parse_pick("wrong"), windows, answers({0, 0, 0, 0}), nullptr, 0, 9), Error);
  EXPECT_EQ(picked(parse_pick("3"), windows, {}, nullptr, 0, 9), (Places{1}));
}

}  // namespace
}  // namespace hies::explain
