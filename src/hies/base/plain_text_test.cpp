#include "hies/base/plain_text.h"

#include <vector>

#include "hies/base/json.h"
#include "hies/base/lfs_pointer.h"
#include "hies/base/test_files.h"

namespace hies {
namespace {

using std::string_view_literals::operator""sv;

std::vector<std::string> lines_in(std::string_view text) {
  std::vector<std::string> all;
  Lines lines(text);
  for (std::string_view line; lines.next(line);) {
    all.emplace_back(line);
    EXPECT_EQ(lines.number(), static_cast<std::int64_t>(all.size()));
  }
  return all;
}

TEST(PlainText, ThreeKindsOfLineEnds) {
  using All = std::vector<std::string>;
  for (const std::string_view text : {"a\n\nb"sv, "a\r\n\r\nb"sv, "a\r\rb"sv, "a\r\n\nb\n"sv, "a\n\rb\r"sv, "a\r\r\nb\r\n"sv})
    EXPECT_EQ(lines_in(text), (All{"a", "", "b"})) << testing::PrintToString(text);
  EXPECT_EQ(lines_in(""), All{});
  EXPECT_EQ(lines_in("\r\n"), (All{""}));
  EXPECT_EQ(with_unix_line_ends("a\r\n\r\nb\rc\nd\r"), "a\n\nb\nc\nd\n");
  EXPECT_EQ(with_unix_line_ends("a\nb"), "a\nb");
  EXPECT_EQ(line_at("a\r\nb\rc\nd", 0), 1);
  EXPECT_EQ(line_at("a\r\nb\rc\nd", 3), 2);
  EXPECT_EQ(line_at("a\r\nb\rc\nd", 5), 3);
  EXPECT_EQ(line_at("a\r\nb\rc\nd", 7), 4);
}

TEST(PlainText, OnlyUtf8IsRead) {
  EXPECT_EQ(without_byte_order_mark("\xEF\xBB\xBFtext"), "text");
  for (const std::string_view good : {""sv, "a"sv, "\xEF\xBB\xBF"sv, "text"sv, "t\xC3\xA9"sv, "{}"sv})
    EXPECT_NO_THROW(refuse_wide_encoding(good, "a.tsv"));
  const auto refused = [](std::string_view text) {
    const Error error = error_of([&] { refuse_wide_encoding(text, "a.tsv"); });
    EXPECT_EQ(error.kind(), ErrorKind::bad_input);
    return std::string(error.what());
  };
  EXPECT_EQ(refused("\xFF\xFEt\0"sv), "a.tsv is text in UTF-16, but UTF-8 is read");
  EXPECT_EQ(refused("\xFE\xFF\0t"sv), "a.tsv is text in UTF-16, but UTF-8 is read");
  EXPECT_EQ(refused("t\0e\0"sv), "a.tsv is text in UTF-16, but UTF-8 is read");
  EXPECT_EQ(refused("\0t\0e"sv), "a.tsv is text in UTF-16, but UTF-8 is read");
  EXPECT_EQ(refused("\xFF\xFE\0\0t\0\0\0"sv), "a.tsv is text in UTF-32, but UTF-8 is read");
  EXPECT_EQ(refused("\0\0\xFE\xFF"sv), "a.tsv is text in UTF-32, but UTF-8 is read");
  EXPECT_NE(std::string(error_of([] { parse_json("\xFF\xFE{\0}\0"sv, "plan.json"); }).what()).find("plan.json is text in UTF-16"),
            std::string::npos);
}

TEST(PlainText, JsonErrorsCountLinesOfEveryKind) {
  for (const char* text : {"{\n\n x}", "{\r\n\r\n x}", "{\r\r x}"})
    EXPECT_NE(std::string(error_of([&] { parse_json(text, "a"); }).what()).find("line 3, column 2"), std::string::npos) << text;
}

TEST(LfsPointer, IsTheTextThatStandsForAFile) {
  const std::string pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n";
  EXPECT_TRUE(is_lfs_pointer(pointer));
  EXPECT_FALSE(is_lfs_pointer("version https://example.com/spec/v1"));
  EXPECT_FALSE(is_lfs_pointer("text\tlabel\n" + pointer));
  const Error error = error_of([&] { refuse_lfs_pointer(pointer, "data/train.parquet"); });
  EXPECT_EQ(error.kind(), ErrorKind::bad_input);
  EXPECT_NE(std::string(error.what()).find("data/train.parquet is a Git LFS pointer"), std::string::npos);
  EXPECT_NE(error.hint().find("`git lfs pull`"), std::string::npos);
  EXPECT_NO_THROW(refuse_lfs_pointer("PAR1", "data/train.parquet"));
}

}  // namespace
}  // namespace hies
