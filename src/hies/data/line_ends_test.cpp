// Every reader of text gives the same for every kind of line end, and with a byte order mark.
#include "hies/data/documents.h"
#include "hies/data/questions.h"
#include "hies/data/table.h"
#include "hies/data/test_files.h"
#include "hies/data/test_tokenizer.h"

namespace hies::data {
namespace {

using std::string_view_literals::operator""sv;

std::string with_ends(std::string_view text, std::string_view end) {
  std::string result;
  for (const char c : text) result += c == '\n' ? std::string(end) : std::string(1, c);
  return result;
}

// A file as Unix, Windows and old Mac programs write it, with and without a byte order mark.
std::vector<std::string> spellings(std::string_view text) {
  std::vector<std::string> all;
  for (const std::string_view mark : {""sv, "\xEF\xBB\xBF"sv})
    for (const std::string_view end : {"\n"sv, "\r\n"sv, "\r"sv}) all.push_back(std::string(mark) + with_ends(text, end));
  return all;
}

std::vector<std::string> contents(const Table& table) {
  std::vector<std::string> all = table.columns();
  for (std::int64_t row = 0; row < table.row_count(); ++row) {
    for (std::size_t c = 0; c < table.columns().size(); ++c) all.push_back(table.is_null(row, c) ? "<null>" : table.text(row, c));
    all.push_back(table.where(row));
  }
  return all;
}

struct Reader {
  const char* name;
  const char* content;
  std::int64_t rows;
};
constexpr std::array kReaders = {
    Reader{"a.tsv", "text\tlabel\na film\t1\n\nbad\t0\n", 2},
    Reader{"a.csv", "text,label\na film,1\n\n\"bad\",0\n", 2},
    Reader{"a.jsonl", "{\"text\":\"a film\",\"label\":1}\n\n{\"text\":\"bad\",\"label\":0}\n", 2},
    Reader{"lines.json", "{\"text\":\"a film\",\"label\":1}\n{\"text\":\"bad\",\"label\":0}\n", 2},
    Reader{"array.json", "[\n{\"text\":\"a film\",\n\"label\":1},\n\n{\"text\":\"bad\",\"label\":0}\n]\n", 2},
    Reader{"values.json", "{\n\"text\":\"a film\",\n\"label\":1}\n\n{\n\"text\":\"bad\",\"label\":0}\n", 2},
    Reader{"object.json", "{\"text\": [\"a film\",\n\"bad\"],\n\"label\": [1,\n0]}\n", 2},
    Reader{"a.txt", "a film\n\nbad\n", 2},
};

TEST(LineEnds, EveryTableHasTheSameRows) {
  const TestFolder folder;
  for (const Reader& reader : kReaders) {
    const std::vector<std::string> wanted = contents(read_table(folder.write(reader.name, reader.content)));
    EXPECT_EQ(read_table(folder / reader.name).row_count(), reader.rows);
    for (const std::string& spelling : spellings(reader.content))
      EXPECT_EQ(contents(read_table(folder.write(reader.name, spelling))), wanted) << testing::PrintToString(spelling);
  }
}

TEST(LineEnds, OtherEncodingsAreRefusedByName) {
  const TestFolder folder;
  for (const Reader& reader : kReaders) {
    std::string wide = "\xFF\xFE";
    for (const char c : std::string_view(reader.content)) wide += {c, '\0'};
    for (const std::string& content : {wide, wide.substr(2)})
      expect_error(error_of([&] { read_table(folder.write(reader.name, content)); }), ErrorKind::bad_input,
                   std::string(reader.name) + " is text in UTF-16, but UTF-8 is read | convert it: iconv -f UTF-16");
  }
}

TEST(LineEnds, QuotedFieldsKeepTheirs) {
  const TestFolder folder;
  const auto text = [&](std::string_view content) { return read_table(folder.write("a.csv", content)).text(0, 0); };
  EXPECT_EQ(text("text\r\n\"a\r\nb\"\r\n"), "a\r\nb");
  EXPECT_EQ(text("text\r\"a\rb\"\r"), "a\rb");
  EXPECT_EQ(text("text\n\"a\n\r\nb\"\n"), "a\n\r\nb");
  expect_error(error_of([&] { read_table(folder.write("a.csv", "x,y\r\"a\rb\r\nc\",1\ronly\r")); }), ErrorKind::bad_input,
               "line 5 has 1 field");
}

TEST(LineEnds, DamagedBytesAreNamedByTheirLine) {
  const TestFolder folder;
  for (const std::string& spelling : spellings("text\na\n\xE9t\xE9\n"))
    expect_error(error_of([&] { read_table(folder.write("a.tsv", spelling)); }), ErrorKind::bad_input,
                 "line 3 is not UTF-8 (byte 0xe9)");
}

TEST(LineEnds, ATextFileIsTheSameText) {
  const TestFolder folder;
  for (const char* name : {"a.txt", "a.TXT"}) {
    for (const std::string& spelling : spellings("a b\n\n c\nd\n")) {
      const std::vector<Document> documents =
          load_documents(folder.write(name, spelling), task("perplexity"), {}, silent_progress());
      ASSERT_EQ(documents.size(), 1u);
      EXPECT_EQ(documents[0].text, "a b\n\n c\nd\n") << testing::PrintToString(spelling);
    }
  }
}

TEST(LineEnds, SubjectsAndTheirFewShotExamples) {
  LanguageData data(200);
  data.options.shots = 1;
  for (const char* part : {"dev", "test"}) data.folder.folder(part);
  std::string hash;
  for (const std::string& spelling : spellings("c d,a,b,c,d,B\nd,a,b,c,\"a\",C\n")) {
    data.folder.write("dev/anatomy_dev.csv", spelling);
    data.folder.write("test/anatomy_test.csv", spelling);
    const Dataset dataset =
        load_questions(data.folder.path(), task("mmlu"), data.options, data.spec, data.words.tokenizer, 1, silent_progress());
    EXPECT_EQ(dataset.size(), 2);
    if (hash.empty()) hash = dataset.hash;
    EXPECT_EQ(dataset.hash, hash) << testing::PrintToString(spelling);
  }
}

}  // namespace
}  // namespace hies::data
