#include "hies/data/white_space.h"

#include <gtest/gtest.h>

namespace hies::data {
namespace {

TEST(WhiteSpace, IsWhatPythonTakesForIt) {
  // Every code point c with c.isspace(), and some without: zero-width space, byte order mark, underline.
  EXPECT_EQ(
      trim("\t\n\v\f\r\x1c\x1d\x1e\x1f \xC2\x85\xC2\xA0\xE1\x9A\x80\xE2\x80\x80\xE2\x80\x8A\xE2\x80\xA8\xE2\x80\xA9\xE2\x80\xAF"
           "\xE2\x81\x9F\xE3\x80\x80"),
      "");
  for (const char* other : {"\xE2\x80\x8B", "\xEF\xBB\xBF", "_", "\xC3\xA9", "\xE2\x80\x90"}) EXPECT_EQ(trim(other), other);
  EXPECT_EQ(trim_end(" a\xC3\xA9 \xE3\x80\x80"), " a\xC3\xA9");
  EXPECT_EQ(trim(" a b "), "a b");
}

TEST(WhiteSpace, GapsAndCharacters) {
  EXPECT_EQ(count_gaps("a  b\n\xC2\xA0"
                       "c"),
            2);
  EXPECT_EQ(count_gaps(" a "), 2);
  EXPECT_EQ(count_gaps(""), 0);
  EXPECT_EQ(count_characters("a\xC3\xA9\xE4\xB8\xAD"), 3);
}

}  // namespace
}  // namespace hies::data
