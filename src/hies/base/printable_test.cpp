// Tests that texts of others reach a terminal as printable UTF-8, and that JSON keeps its values.
#include "hies/base/printable.h"

#include <gtest/gtest.h>

#include "hies/base/json.h"
#include "hies/base/utf8.h"

namespace hies {
namespace {

// Every kind of thing that must not reach a terminal: commands of terminals (also as C1 control characters), broken, overlong and
// cut UTF-8, surrogates, directions of writing, separators, invisible characters.
constexpr std::string_view kHostile =
    "\x1b]0;title\x07 \x1b[2J \x7f \xc2\x9b"
    "31m \xff\xc0\x80 \xed\xa0\x80 \xf5\x80\x80\x80 \xe2\x80\xae"
    "gnp.exe \xe2\x81\xa6 \xd8\x9c \xe2\x80\xa8 \xe2\x80\x8b \xef\xbb\xbf \xf3\xa0\x81\x81 a\nb\r\tc \xe4\xb8";

void expect_printable(std::string_view text, bool line_ends) {
  while (!text.empty()) {
    const std::size_t length = utf8_sequence_length(text);
    ASSERT_GT(length, 0u);
    if (length == 1) {
      const bool plain = (text[0] >= 0x20 && text[0] != 0x7F) || (line_ends && text[0] == '\n');
      EXPECT_TRUE(plain) << static_cast<int>(text[0]);
    }
    for (const std::string_view hidden : {"\xc2\x9b", "\xe2\x80\xae", "\xe2\x81\xa6", "\xd8\x9c", "\xe2\x80\xa8", "\xe2\x80\x8b",
                                          "\xef\xbb\xbf", "\xf3\xa0\x81\x81"})
      EXPECT_FALSE(text.starts_with(hidden));
    text.remove_prefix(length);
  }
}

TEST(Printable, EscapesWhatActsOnATerminal) {
  EXPECT_EQ(printable("a\nb\x01\x1b[31m"), "a\\nb\\x01\\x1b[31m");
  EXPECT_EQ(printable("\xff|\xc2\x9b|\xe2\x80\xae|\xf3\xa0\x81\x81"), "\\xff|\\u009b|\\u202e|\\U000e0041");
  expect_printable(printable(kHostile, 1000), false);
  expect_printable(printable_lines(kHostile), true);
  EXPECT_NE(printable_lines(kHostile).find("a\nb\\r\\tc"), std::string::npos);
  // Once escaped, a text stays as it is: messages hold values that were quoted before.
  EXPECT_EQ(printable(printable(kHostile, 1000), 1000), printable(kHostile, 1000));
}

TEST(Printable, KeepsWhatPeopleWrite) {
  for (const std::string_view text : {"naïve café", "北京", "🙂👩‍👩‍👧", "مرحبا", "हिन्दी", "a\xc2\xa0z", "C:\\x41"})
    EXPECT_EQ(printable(text), text);
}

TEST(Printable, CutsAtTheEndOfACharacter) {
  EXPECT_EQ(printable(std::string(90, 'x')), std::string(80, 'x') + "…");
  EXPECT_EQ(printable("aé", 3), "aé");
  EXPECT_EQ(printable("aéb", 3), "aé…");
  EXPECT_EQ(printable("aéb", 2), "a…");
  EXPECT_EQ(printable("a\x01", 3), "a…");
}

TEST(Printable, JsonKeepsItsValues) {
  const std::string value = "\x1b[2J\x7f\xc2\x9b\xe2\x80\xae\xf3\xa0\x81\x81 a\nb é北🙂 \\ \"";
  const std::string text = printable_json(pretty(Json{{"key\xe2\x80\xae", value}, {"numbers", {1, 2.5}}}));
  expect_printable(text, true);
  const Json back = Json::parse(text);
  EXPECT_EQ(back["key\xe2\x80\xae"].get<std::string>(), value);
  EXPECT_EQ(back["numbers"][1].get<double>(), 2.5);
}

}  // namespace
}  // namespace hies
