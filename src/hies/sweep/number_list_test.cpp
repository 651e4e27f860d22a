#include "hies/sweep/number_list.h"

#include <gtest/gtest.h>

#include "hies/base/error.h"

namespace hies::sweep {
namespace {

TEST(NumberList, RangesHoldBothEndsWithoutDrift) {
  EXPECT_EQ(parse_numbers("0:1:0.1", "alphas"), (std::vector<double>{0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1}));
  EXPECT_EQ(parse_numbers("0.1:0.6:0.1", "ratios"), (std::vector<double>{0.1, 0.2, 0.3, 0.4, 0.5, 0.6}));
  EXPECT_EQ(parse_numbers("0.05:0.2:0.05", "ratios"), (std::vector<double>{0.05, 0.1, 0.15, 0.2}));
  EXPECT_EQ(parse_numbers("0:1:0.4", "alphas"), (std::vector<double>{0, 0.4, 0.8}));
  EXPECT_EQ(parse_numbers("-1:1:1", "x"), (std::vector<double>{-1, 0, 1}));
  EXPECT_EQ(parse_numbers("3:3:1", "x"), std::vector<double>{3});
}

TEST(NumberList, ListsKeepTheirOrderAndMayHoldRanges) {
  EXPECT_EQ(parse_numbers("0.5,0.1", "x"), (std::vector<double>{0.5, 0.1}));
  EXPECT_EQ(parse_numbers("0,0.2:0.4:0.1,.9,1.", "x"), (std::vector<double>{0, 0.2, 0.3, 0.4, 0.9, 1}));
  EXPECT_TRUE(parse_numbers("", "x").empty());
  EXPECT_EQ(parse_counts("1,2,4,1024", "x"), (std::vector<std::int64_t>{1, 2, 4, 1024}));
}

TEST(NumberList, RefusesWhatIsNone) {
  for (const char* text : {",", "0.1,", "a", "1e-3", "0:1", "0:1:0", "0:1:-0.1", "1:0:0.1", "0:1:0.1:2", "--1", "-", ".", "1.2.3",
                           "nan", "0.12345678901", "99999999999999", "0:1:0.000001", " 1"})
    EXPECT_THROW(parse_numbers(text, "alphas"), Error) << text;
  EXPECT_THROW(parse_counts("1,2.5", "sizes"), Error);
}

TEST(NumberList, SaysWhichOption) {
  try {
    parse_numbers("0.1,x", "--ratios");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::bad_input);
    EXPECT_NE(std::string(error.what()).find("--ratios 'x'"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace hies::sweep
