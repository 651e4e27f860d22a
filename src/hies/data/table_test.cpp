#include "hies/data/table.h"

#include "hies/base/rng.h"
#include "hies/data/table_readers.h"
#include "hies/data/test_files.h"

namespace hies::data {
namespace {

using Row = std::vector<std::string>;

Row row_of(const Table& table, std::int64_t row) {
  Row cells;
  for (std::size_t c = 0; c < table.columns().size(); ++c) cells.push_back(table.is_null(row, c) ? "<null>" : table.text(row, c));
  return cells;
}

struct TableTest : testing::Test {
  TestFolder folder;
  Table read(std::string_view name, std::string_view content, const TableOptions& options = {}) {
    return read_table(folder.write(name, content), options);
  }
  void expect_refused(std::string_view name, std::string_view content, std::string_view wanted, TableOptions options = {}) {
    expect_error(error_of([&] { read(name, content, options); }), ErrorKind::bad_input, wanted);
  }
};

TEST_F(TableTest, TsvQuotesAreOrdinaryCharacters) {
  const Table table = read("a.tsv", "\xEF\xBB\xBFQuality\t#1 String\r\n1\t\"half open\r\n\r\n0\tNA\r\n1\t");
  EXPECT_EQ(table.columns(), (Row{"Quality", "#1 String"}));
  ASSERT_EQ(table.row_count(), 3);
  EXPECT_EQ(row_of(table, 0), (Row{"1", "\"half open"}));
  EXPECT_EQ(row_of(table, 1), (Row{"0", "NA"}));
  EXPECT_EQ(row_of(table, 2), (Row{"1", ""}));
  EXPECT_EQ(table.line(0), 2);
  EXPECT_EQ(table.line(1), 4);
  EXPECT_EQ(table.where(2), (folder / "a.tsv").string() + ": line 5");
  EXPECT_EQ(table.find("Quality"), std::optional<std::size_t>(0));
  EXPECT_EQ(table.find("quality"), std::nullopt);
}

TEST_F(TableTest, HeaderIsDetectedByItsMarks) {
  const TableOptions options{
      .header = Header::detect, .columns = {"source", "label", "star", "sentence"}, .marks = {"sentence", "text"}};
  const Table bare = read("a.tsv", "gj04\t1\t\tA sentence.\n", options);
  EXPECT_EQ(bare.row_count(), 1);
  EXPECT_EQ(row_of(bare, 0), (Row{"gj04", "1", "", "A sentence."}));
  const Table named = read("b.csv", "sentence,label\nA sentence.,1\n", options);
  EXPECT_EQ(named.columns(), (Row{"sentence", "label"}));
  EXPECT_EQ(named.row_count(), 1);
}

TEST_F(TableTest, CsvIsRfc4180) {
  const Table table = read("a.csv", "text,label\r\n\"a, \"\"b\"\"\nc\",1\nplain \"quote\" inside,0\n\"\",null");
  ASSERT_EQ(table.row_count(), 3);
  EXPECT_EQ(row_of(table, 0), (Row{"a, \"b\"\nc", "1"}));
  EXPECT_EQ(row_of(table, 1), (Row{"plain \"quote\" inside", "0"}));
  EXPECT_EQ(row_of(table, 2), (Row{"", "null"}));
  EXPECT_EQ(table.line(1), 4);  // the first row takes two lines
}

TEST_F(TableTest, CsvKeepsCarriageReturnsInsideQuotes) {
  EXPECT_EQ(read("a.csv", "text\r\n\"a\r\nb\"\r\n").text(0, 0), "a\r\nb");
}

TEST_F(TableTest, JsonLinesKeepNumbersAsWordsAndNullsAsNulls) {
  const Table table = read("a.jsonl",
                           "{\"text\":\"NA\",\"label\":1}\n\n{\"label\":true,\"score\":1.0,\"text\":\"\\u00e9\"}\n{\"text\":null,"
                           "\"label\":\"null\"}\n");
  EXPECT_EQ(table.columns(), (Row{"text", "label", "score"}));
  EXPECT_EQ(row_of(table, 0), (Row{"NA", "1", "<null>"}));
  EXPECT_EQ(row_of(table, 1), (Row{"\xC3\xA9", "true", "1.0"}));
  EXPECT_EQ(row_of(table, 2), (Row{"<null>", "null", "<null>"}));
  EXPECT_EQ(table.line(1), 3);
}

TEST_F(TableTest, JsonArrayAndJsonLinesInADotJsonFile) {
  const Table array = read("a.json", "[\n {\"text\": \"a ] \\\" , [\", \"n\": [1, {\"b\": 2}]},\n\n {\"text\": \"b\"} ]\n");
  ASSERT_EQ(array.row_count(), 2);
  EXPECT_EQ(row_of(array, 0), (Row{"a ] \" , [", "<null>"}));
  EXPECT_EQ(array.line(0), 2);
  EXPECT_EQ(array.line(1), 4);
  EXPECT_EQ(read("b.json", "{\"text\":\"a\"}\n{\"text\":\"b\"}\n").row_count(), 2);
}

TEST_F(TableTest, TextFileIsOneTextPerLine) {
  const Table table = read("a.TXT", "one, \"two\"\tthree\n   \n\nfour");
  EXPECT_EQ(table.columns(), (Row{"text"}));
  ASSERT_EQ(table.row_count(), 2);
  EXPECT_EQ(table.text(0, 0), "one, \"two\"\tthree");
  EXPECT_EQ(table.line(1), 4);
}

TEST_F(TableTest, ShortRowsAreLeftOutWhereTheTaskSaysSo) {
  const std::string content = "a\tb\tc\n1\t2\t3\n1\t2\n4\t5\t6\n";
  expect_refused("a.tsv", content, "line 3 has 2 fields, but there are 3 columns");
  const Table table = read("a.tsv", content, {.skip_short_rows = true});
  EXPECT_EQ(table.row_count(), 2);
  EXPECT_EQ(table.skipped(), 1);
}

TEST_F(TableTest, MissingFileIsIo) {
  for (const char* name : {"none.tsv", "none.csv", "none.jsonl", "none.json", "none.parquet", "none.txt"}) {
    expect_error(error_of([&] { read_table(folder / name); }), ErrorKind::io, name);
  }
}

TEST_F(TableTest, EmptyFilesAreRefused) {
  for (const char* name : {"e.tsv", "e.csv", "e.jsonl", "e.json", "e.parquet", "e.txt"}) expect_refused(name, "", "is empty");
  for (const char* name : {"e.tsv", "e.csv", "e.jsonl", "e.json", "e.txt"}) {
    expect_refused(name, "\n \n\r\n", "is empty");
    expect_refused(name, "\xEF\xBB\xBF", "is empty");
  }
}

TEST_F(TableTest, HeaderWithoutRowsIsRefused) {
  expect_refused("a.tsv", "sentence\tlabel\n", "has no rows");
  expect_refused("a.csv", "sentence,label", "has no rows");
  expect_refused("a.json", "[ ]\n", "has no rows");
}

TEST_F(TableTest, WrongNumberOfFieldsNamesLineAndColumns) {
  expect_refused("a.tsv", "a\tb\n1\t2\n\n3\n", "line 4 has 1 field, but there are 2 columns");
  expect_refused("a.tsv", "a\tb\n1\t2\t3\n", "line 2 has 3 fields");
  expect_refused("a.csv", "a,b\n\"x\ny\",2\n3\n", "line 4 has 1 field");
  expect_refused("a.csv", "a,b\n3\n", "columns: a, b");
}

TEST_F(TableTest, TextThatIsNotUtf8NamesTheLine) {
  for (const char* name : {"u.tsv", "u.csv", "u.jsonl", "u.txt"})
    expect_refused(name, "a\nb\n\xE9t\xE9\n", "line 3 is not UTF-8 (byte 0xe9)");
}

TEST_F(TableTest, DuplicateColumnsAreRefused) {
  expect_refused("a.tsv", "text\tlabel\ttext\n1\t2\t3\n", "two columns are named 'text'");
  expect_refused("a.csv", "text,text\n1,2\n", "two columns are named 'text'");
}

TEST_F(TableTest, UnknownExtensionListsTheKnownOnes) {
  expect_refused("a.xlsx", "x", "unknown kind of data file '.xlsx'");
  expect_refused("a", "x", "known: .tsv, .csv, .jsonl, .json, .parquet, .txt");
  EXPECT_EQ(read("b.data", "text\na\n", {.format = TableFormat::tsv}).row_count(), 1);
}

TEST_F(TableTest, BrokenCsvNamesTheLine) {
  expect_refused("a.csv", "text\nfine\n\"never closed\n\nmore", "the quote opened on line 3 is never closed");
  expect_refused("a.csv", "text\n\"closed\" late\n", "line 2 has ' ' after a closing quote");
}

TEST_F(TableTest, BrokenJsonNamesTheLine) {
  expect_refused("a.jsonl", "{\"a\":1}\n{\"a\":\n", "line 2 is not valid JSON");
  expect_refused("a.jsonl", "{\"a\":1}\n\n[1,2]\n", "line 3 holds [1,2] where an object was expected");
  expect_refused("a.json", "[{\"a\":1},\n{\"a\" 2}]", "line 2 is not valid JSON");
  expect_refused("a.json", "[{\"a\":1},\n{\"a\":2}", "the array ends in the element that begins on line 2");
  expect_refused("a.json", "[{\"a\":1},\n]", "line 2 is not valid JSON");
  expect_refused("a.json", "[", "the array ends");
  expect_refused("a.json", "[{\"a\":1}]\n\nx", "line 3 holds text after the end");
}

TEST_F(TableTest, BrokenParquetIsRefused) {
  expect_refused("a.parquet", "PAR1 but not really PAR1", "not a readable Parquet file");
}

TEST_F(TableTest, CsvGivesBackWhatWasWritten) {
  constexpr std::string_view kLetters = "a,\"\n\r\t b";
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    Rng rng(seed);
    std::string content = "x,y";
    std::vector<Row> rows;
    for (std::uint64_t r = 0, count = 1 + rng.below(5); r < count; ++r) {
      content += rng.below(2) ? "\n" : "\r\n";
      Row row(2);
      for (std::size_t c = 0; c < 2; ++c) {
        std::string quoted = "\"";
        for (std::uint64_t i = rng.below(6); i > 0; --i) {
          row[c].push_back(kLetters[rng.below(kLetters.size())]);
          quoted += row[c].back() == '"' ? std::string("\"\"") : std::string(1, row[c].back());
        }
        content += quoted + (c == 0 ? "\"," : "\"");
      }
      rows.push_back(row);
    }
    SCOPED_TRACE(testing::PrintToString(content));
    const Table table = read("a.csv", content);
    ASSERT_EQ(table.row_count(), static_cast<std::int64_t>(rows.size()));
    for (std::size_t r = 0; r < rows.size(); ++r) EXPECT_EQ(row_of(table, static_cast<std::int64_t>(r)), rows[r]);
  }
}

TEST(Utf8, AcceptsWhatUnicodeAllowsAndNothingElse) {
  const std::size_t all_well = std::string_view::npos;
  EXPECT_EQ(find_invalid_utf8("plain ascii that is longer than a word"), all_well);
  EXPECT_EQ(find_invalid_utf8("\xC2\x80 \xDF\xBF \xE0\xA0\x80 \xED\x9F\xBF \xEF\xBF\xBF \xF0\x90\x80\x80 \xF4\x8F\xBF\xBF"),
            all_well);
  EXPECT_EQ(find_invalid_utf8("12345678\xFF"), 8u);
  for (const char* bad : {"\x80", "\xC0\x80", "\xC1\xBF", "\xC3", "\xC3(", "\xE0\x9F\x80", "\xED\xA0\x80", "\xE2\x82",
                          "\xF0\x8F\x80\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFE"}) {
    EXPECT_EQ(find_invalid_utf8(std::string("abc") + bad), 3u) << testing::PrintToString(std::string(bad));
  }
}

}  // namespace
}  // namespace hies::data
