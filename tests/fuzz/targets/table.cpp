// Tables of every format.
#include "hies/data/table.h"

#include "../target.h"
#include "arrow_files.h"
#include "hies/base/error.h"

namespace hies::fuzz {
namespace {

std::string parquet_table() {
  const auto texts = array_of<arrow::StringBuilder, std::string>({"plain", "a, \"b\"", ""});
  const auto large = array_of<arrow::LargeStringBuilder, std::string>({"x", "y", "z"});
  const auto numbers = array_of<arrow::DoubleBuilder, double>({0.5, -1, 1e300});
  const auto labels = array_of<arrow::Int64Builder, std::int64_t>({0, 1, -1});
  const auto words = arrow::DictionaryArray::FromArrays(array_of<arrow::Int8Builder, std::int8_t>({1, 0, 1}),
                                                        array_of<arrow::StringBuilder, std::string>({"no", "yes"}))
                         .ValueOrDie();
  const auto lists =
      arrow::ListArray::FromArrays(*array_of<arrow::Int32Builder, std::int32_t>({0, 1, 1, 3}), *texts).ValueOrDie();
  const auto records = arrow::StructArray::Make({texts, labels}, std::vector<std::string>{"text", "number"}).ValueOrDie();
  const auto flags = array_of<arrow::BooleanBuilder, bool>({true, false, true});
  const auto schema = arrow::schema({arrow::field("text", texts->type()), arrow::field("pair", large->type()),
                                     arrow::field("score", numbers->type()), arrow::field("label", labels->type()),
                                     arrow::field("word", words->type()), arrow::field("list", lists->type()),
                                     arrow::field("record", records->type()), arrow::field("flag", flags->type())});
  return parquet_of(*arrow::Table::Make(schema, {texts, large, numbers, labels, words, lists, records, flags}));
}

std::vector<Bundle> table_seeds() {
  return {{{"a.tsv", "text\tlabel\nplain \"words\"\t1\n\nna\xC3\xAFve\t0\r\n"}},
          {{"a.csv", "text,label,\"more, of it\"\r\nplain,1,\"a \"\"quoted\"\" one\nof two lines\"\r\n,0,\n"}},
          {{"a.jsonl",
            "{\"text\": \"a\", \"label\": 1, \"more\": [1, {\"x\": null}]}\n{\"text\": \"b\", \"label\": 0.5}\n\n{\"text\": "
            "null, \"other\": true}\n"}},
          {{"a.json", "[{\"text\": \"a\", \"label\": 1}, {\"text\": \"b \\ud83d\\ude42\", \"label\": -1}]"}},
          {{"a.txt", "one\n\ntwo\r\n  three"}},
          {{"a-00000-of-00002.csv", ",text,label\n0,plain,1\n"}, {"a-00001-of-00002.csv", ",text,label\n1,words,0\n"}},
          {{"a-00000-of-00002.jsonl", "{\"text\": \"a\"}\n"}, {"a-00001-of-00002.jsonl", "{\"text\": \"b\", \"label\": 0}\n"}},
          {{"a.parquet", parquet_table()}}};
}

void touch(const data::Table& table) {
  std::size_t bytes = 0;
  for (std::int64_t row = 0; row < table.row_count(); ++row) {
    for (std::size_t column = 0; column < table.columns().size(); ++column)
      bytes += table.is_null(row, column) ? 0 : table.text(row, column).size();
    check(table.line(row) >= 1, "a row without a line");
  }
  for (const std::string& column : table.columns())
    check(column.empty() || table.find(column).has_value(), "a column that is not found");
}

void read_tables(const std::filesystem::path& input, const std::filesystem::path& /*output*/) {
  std::size_t refused = 0, tried = 0;
  std::vector<std::filesystem::path> places = {input};  // a folder of shards
  for (const auto& entry : std::filesystem::directory_iterator(input)) places.push_back(entry.path());
  for (const auto& place : places) {
    data::TableOptions nested, bare, detect;
    nested.keep_nested = nested.skip_short_rows = true;
    bare.header = data::Header::no;
    detect.header = data::Header::detect;
    bare.columns = detect.columns = {"text", "label"};
    detect.marks = {"label"};
    for (const data::TableOptions& options : {data::TableOptions(), nested, bare, detect}) {
      try {
        touch(data::read_table(place, options));
      } catch (const Error& error) {
        ++refused;
        if (error.kind() == ErrorKind::internal) throw;
      }
      ++tried;
    }
  }
  if (refused == tried) bad_input("no way to read it");
}

}  // namespace

Target table_target() { return {"table", table_seeds, read_tables}; }

}  // namespace hies::fuzz
