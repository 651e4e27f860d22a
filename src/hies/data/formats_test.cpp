// The same rows in every format give the same table and the same chosen rows.
#include <arrow/api.h>
#include <arrow/io/file.h>
#include <fmt/format.h>
#include <parquet/arrow/writer.h>

#include <limits>

#include "hies/base/files.h"
#include "hies/base/json.h"
#include "hies/base/rng.h"
#include "hies/data/rows.h"
#include "hies/data/table.h"
#include "hies/data/test_files.h"

namespace hies::data {
namespace {

struct Sample {
  std::string text, pair;
  std::int64_t label;
  double score;
};

// No tabs or line ends: .tsv cannot hold them.
const std::vector<Sample> kSamples = {
    {"plain", "words", 1, 0.5},
    {"a \"quoted\", comma", "\"", 0, 1.0},
    {"NA", "null", 1, 4.75},
    {"", "empty text before", 0, 3},
    {"na\xC3\xAFve \xF0\x9F\x98\x80", "true", 1, 0.1},
    {"1", "1.0", 0, -2.5e-7},
};
const std::vector<std::string> kColumns = {"text", "text_pair", "label", "score"};

std::string number(double value) { return Json(value).dump(); }

std::string csv_field(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) result += c == '"' ? std::string("\"\"") : std::string(1, c);
  return result + "\"";
}

template <class Builder, class Get>
std::shared_ptr<arrow::Array> column(Get get) {
  Builder builder;
  for (const Sample& sample : kSamples) EXPECT_TRUE(builder.Append(get(sample)).ok());
  return builder.Finish().ValueOrDie();
}

std::shared_ptr<arrow::Table> arrow_table() {
  return arrow::Table::Make(arrow::schema({arrow::field("text", arrow::utf8()), arrow::field("text_pair", arrow::large_utf8()),
                                           arrow::field("label", arrow::int64()), arrow::field("score", arrow::float64())}),
                            {column<arrow::StringBuilder>([](const Sample& s) { return s.text; }),
                             column<arrow::LargeStringBuilder>([](const Sample& s) { return s.pair; }),
                             column<arrow::Int64Builder>([](const Sample& s) { return s.label; }),
                             column<arrow::DoubleBuilder>([](const Sample& s) { return s.score; })});
}

void write_parquet(const arrow::Table& table, const std::filesystem::path& path) {
  auto sink = arrow::io::FileOutputStream::Open(path.string()).ValueOrDie();
  const auto arrow_types = parquet::ArrowWriterProperties::Builder().store_schema()->build();
  ASSERT_TRUE(parquet::arrow::WriteTable(table, arrow::default_memory_pool(), sink, /*chunk_size=*/4,  // two row groups
                                         parquet::default_writer_properties(), arrow_types)
                  .ok());
  ASSERT_TRUE(sink->Close().ok());
}

struct FormatsTest : testing::Test {
  TestFolder folder;
  std::vector<std::filesystem::path> files;

  void SetUp() override {
    std::string tsv = "text\ttext_pair\tlabel\tscore\n", csv = "text,text_pair,label,score\r\n", lines;
    Json array = Json::array();
    for (const Sample& s : kSamples) {
      tsv += fmt::format("{}\t{}\t{}\t{}\n", s.text, s.pair, s.label, number(s.score));
      csv += fmt::format("{},{},{},{}\r\n", csv_field(s.text), csv_field(s.pair), s.label, number(s.score));
      array.push_back(Json{{"text", s.text}, {"text_pair", s.pair}, {"label", s.label}, {"score", s.score}});
      lines += array.back().dump() + "\n";
    }
    files = {folder.write("a.tsv", tsv), folder.write("a.csv", csv), folder.write("a.jsonl", lines),
             folder.write("a.json", array.dump(2)), folder / "a.parquet"};
    write_parquet(*arrow_table(), files.back());
  }
};

TEST_F(FormatsTest, SameRowsGiveTheSameTable) {
  for (const std::filesystem::path& file : files) {
    SCOPED_TRACE(file.extension());
    const Table table = read_table(file);
    ASSERT_EQ(table.columns(), kColumns);
    ASSERT_EQ(table.row_count(), static_cast<std::int64_t>(kSamples.size()));
    for (std::int64_t row = 0; row < table.row_count(); ++row) {
      const Sample& sample = kSamples[static_cast<std::size_t>(row)];
      EXPECT_EQ(table.text(row, 0), sample.text);
      EXPECT_EQ(table.text(row, 1), sample.pair);
      EXPECT_EQ(table.text(row, 2), std::to_string(sample.label));
      EXPECT_EQ(table.text(row, 3), number(sample.score));
      for (std::size_t c = 0; c < 4; ++c) EXPECT_FALSE(table.is_null(row, c));
    }
  }
}

TEST_F(FormatsTest, SameRowsAreChosen) {
  model::ModelSpec spec;
  spec.labels = {"LABEL_0", "LABEL_1"};
  LoadOptions options;
  options.examples = 5;
  options.seed = 3;
  const Rows first = load_rows(files[0], task("pair-classification"), options, spec, silent_progress());
  ASSERT_EQ(first.size(), 5);
  for (const std::filesystem::path& file : files) {
    SCOPED_TRACE(file.extension());
    const Rows rows = load_rows(file, task("pair-classification"), options, spec, silent_progress());
    EXPECT_EQ(rows.texts, first.texts);
    EXPECT_EQ(rows.pair_texts, first.pair_texts);
    EXPECT_EQ(rows.labels, first.labels);
  }
}

TEST_F(FormatsTest, ParquetTypesBecomeTexts) {
  arrow::FloatBuilder floats;
  arrow::BooleanBuilder flags;
  arrow::StringDictionaryBuilder names;
  arrow::Int8Builder small;
  ASSERT_TRUE(floats.AppendValues({4.2f, 1.0f}).ok() && flags.Append(true).ok() && flags.AppendNull().ok());
  ASSERT_TRUE(names.Append("yes").ok() && names.AppendNull().ok() && small.AppendValues({-1, 2}).ok());
  const auto dictionary = names.Finish().ValueOrDie();
  const auto table =
      arrow::Table::Make(arrow::schema({arrow::field("f", arrow::float32()), arrow::field("b", arrow::boolean()),
                                        arrow::field("d", dictionary->type()), arrow::field("i", arrow::int8())}),
                         {floats.Finish().ValueOrDie(), flags.Finish().ValueOrDie(), dictionary, small.Finish().ValueOrDie()});
  write_parquet(*table, folder / "b.parquet");
  const Table read = read_table(folder / "b.parquet");
  EXPECT_EQ(read.text(0, 0), "4.2");
  EXPECT_EQ(read.text(1, 0), "1.0");
  EXPECT_EQ(read.text(0, 1), "true");
  EXPECT_TRUE(read.is_null(1, 1));
  EXPECT_EQ(read.text(0, 2), "yes");
  EXPECT_TRUE(read.is_null(1, 2));
  EXPECT_EQ(read.text(0, 3), "-1");
  EXPECT_EQ(read.where(1), (folder / "b.parquet").string() + ": row 2");
}

// Columns of a file, each with the metadata of the Hugging Face hub, as `write` has it.
std::shared_ptr<arrow::Table> hub_table(const std::shared_ptr<arrow::Array>& labels, const std::string& features) {
  arrow::StringBuilder texts;
  for (std::int64_t i = 0; i < labels->length(); ++i) EXPECT_TRUE(texts.Append("text").ok());
  const auto metadata = arrow::key_value_metadata({"huggingface"}, {features});
  return arrow::Table::Make(arrow::schema({arrow::field("text", arrow::utf8()), arrow::field("label", labels->type())}, metadata),
                            {texts.Finish().ValueOrDie(), labels});
}

template <class Builder, class Value>
std::shared_ptr<arrow::Array> array_of(const std::vector<Value>& values, Builder&& builder = Builder()) {
  for (const Value& value : values) EXPECT_TRUE(builder.Append(value).ok());
  return builder.Finish().ValueOrDie();
}

struct HubTest : FormatsTest {
  model::ModelSpec spec;
  LoadOptions options;
  HubTest() {
    spec.labels = {"NEGATIVE", "POSITIVE"};
    options.order = "file";
  }
  std::vector<double> labels(const std::shared_ptr<arrow::Array>& array, const std::string& features = "{}") {
    write_parquet(*hub_table(array, features), folder / "hub.parquet");
    return load_rows(folder / "hub.parquet", task("classification"), options, spec, silent_progress()).labels;
  }
};

TEST_F(HubTest, ClassesGoByTheirNames) {
  const std::string features = R"({"info":{"features":{"label":{"names":["positive","negative"],"_type":"ClassLabel"}}}})";
  EXPECT_EQ(labels(array_of<arrow::Int64Builder, std::int64_t>({0, 1, 1}), features), (std::vector<double>{1, 0, 0}));
  EXPECT_EQ(labels(array_of<arrow::Int8Builder, std::int8_t>({0, 1}), features), (std::vector<double>{1, 0}));
  EXPECT_EQ(labels(array_of<arrow::Int64Builder, std::int64_t>({0, 1, 1})), (std::vector<double>{0, 1, 1}));
  expect_error(error_of([&] {
                 labels(array_of<arrow::Int64Builder, std::int64_t>({0, -1}), features);
               }),
               ErrorKind::bad_input, "row 2: label -1 says that the row has no label | 1 of 2 rows");
  // Metadata that is not what it should be is as none.
  for (const char* odd : {"", "[]", R"({"info":[1]})", R"({"info":{"features":{"label":{"names":[1,2]}}}})",
                          R"({"info":{"features":{"label":7}}})"})
    EXPECT_EQ(labels(array_of<arrow::Int64Builder, std::int64_t>({0, 1}), odd), (std::vector<double>{0, 1})) << odd;
}

TEST_F(HubTest, ShardsNameTheirClassesAlike) {
  const auto shard = [&](std::string_view name, const char* names) {
    const auto array = array_of<arrow::Int64Builder, std::int64_t>({0, 1});
    write_parquet(*hub_table(array, fmt::format(R"({{"info":{{"features":{{"label":{{"names":{}}}}}}}}})", names)),
                  folder / name);
  };
  const auto read = [&] { return load_rows(folder / "hub", task("classification"), options, spec, silent_progress()).labels; };
  folder.folder("hub");
  shard("hub/test-00000-of-00002.parquet", R"(["positive","negative"])");
  shard("hub/test-00001-of-00002.parquet", R"(["positive","negative"])");
  EXPECT_EQ(read(), (std::vector<double>{1, 0, 1, 0}));
  shard("hub/test-00001-of-00002.parquet", R"(["negative","positive"])");
  expect_error(error_of(read), ErrorKind::bad_input, "00001-of-00002.parquet: its classes are named otherwise");
  shard("hub/test-00001-of-00002.parquet", "7");
  expect_error(error_of(read), ErrorKind::bad_input, "00001-of-00002.parquet: its classes are named otherwise");
}

TEST_F(HubTest, GapsAreRowsWithoutLabel) {
  const auto with_gap = array_of<arrow::DoubleBuilder, double>({1, std::numeric_limits<double>::quiet_NaN(), 0});
  expect_error(error_of([&] { labels(with_gap); }), ErrorKind::bad_input, "row 2 has no label in column 'label' | 1 of 3 rows");
  options.skip_unlabelled = true;
  EXPECT_EQ(labels(with_gap), (std::vector<double>{1, 0}));
}

TEST_F(HubTest, EveryTypeOfTextIsAName) {
  const std::vector<std::string> names = {"positive", "negative", "positive"};
  const std::vector<double> ids = {1, 0, 1};
  EXPECT_EQ(labels(array_of<arrow::StringBuilder>(names)), ids);
  EXPECT_EQ(labels(array_of<arrow::LargeStringBuilder>(names)), ids);
  EXPECT_EQ(labels(array_of<arrow::StringViewBuilder>(names)), ids);
  EXPECT_EQ(labels(array_of<arrow::StringDictionaryBuilder>(names)), ids);
  EXPECT_EQ(labels(array_of<arrow::DictionaryBuilder<arrow::LargeStringType>>(names)), ids);  // as polars writes categories
}

TEST_F(HubTest, TypesSayWhatDigitsMean) {
  spec.labels = {"1", "2", "3"};
  EXPECT_EQ(labels(array_of<arrow::StringBuilder, std::string>({"1", "2"})), (std::vector<double>{0, 1}));
  EXPECT_EQ(labels(array_of<arrow::StringDictionaryBuilder, std::string>({"1", "2"})), (std::vector<double>{0, 1}));
  EXPECT_EQ(labels(array_of<arrow::Int64Builder, std::int64_t>({1, 2})), (std::vector<double>{1, 2}));
  EXPECT_EQ(labels(array_of<arrow::DoubleBuilder, double>({1, 2})), (std::vector<double>{1, 2}));
  EXPECT_EQ(labels(array_of<arrow::DictionaryBuilder<arrow::Int64Type>, std::int64_t>({1, 2})), (std::vector<double>{1, 2}));
}

TEST_F(FormatsTest, ParquetProblemsAreNamed) {
  const auto texts = column<arrow::StringBuilder>([](const Sample& s) { return s.text; });
  const auto field = arrow::field("text", arrow::utf8());
  write_parquet(*arrow::Table::Make(arrow::schema({field, field}), {texts, texts}), folder / "twice.parquet");
  expect_error(error_of([&] { read_table(folder / "twice.parquet"); }), ErrorKind::bad_input, "two columns are named 'text'");
  write_parquet(*arrow::Table::Make(arrow::schema({field}), {texts->Slice(0, 0)}), folder / "none.parquet");
  expect_error(error_of([&] { read_table(folder / "none.parquet"); }), ErrorKind::bad_input, "has no rows");
}

TEST_F(FormatsTest, NestedParquetValuesAreNoTexts) {
  arrow::ListBuilder lists(arrow::default_memory_pool(), std::make_shared<arrow::Int32Builder>());
  ASSERT_TRUE(lists.Append().ok() && static_cast<arrow::Int32Builder&>(*lists.value_builder()).Append(1).ok());
  arrow::StringBuilder texts;
  ASSERT_TRUE(texts.Append("a").ok());
  const auto list = lists.Finish().ValueOrDie();
  write_parquet(*arrow::Table::Make(arrow::schema({arrow::field("text", arrow::utf8()), arrow::field("list", list->type())}),
                                    {texts.Finish().ValueOrDie(), list}),
                folder / "d.parquet");
  const Table read = read_table(folder / "d.parquet");
  EXPECT_EQ(read.text(0, 0), "a");
  EXPECT_TRUE(read.is_null(0, 1));
}

TEST_F(FormatsTest, DamagedFilesAreReadOrRefusedInOneLine) {
  for (const std::filesystem::path& file : files) {
    const std::string whole = read_file(file);
    std::int64_t refused = 0;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
      SCOPED_TRACE(fmt::format("{} seed {}", file.extension().string(), seed));
      Rng rng(seed);
      std::string damaged = whole.substr(0, rng.below(4) == 0 ? rng.below(whole.size()) : whole.size());
      for (std::uint64_t i = rng.below(4); i > 0 && !damaged.empty(); --i)
        damaged[rng.below(damaged.size())] = static_cast<char>(rng.below(256));
      try {
        read_table(folder.write("damaged" + file.extension().string(), damaged));
      } catch (const Error& error) {
        expect_error(error, ErrorKind::bad_input, "damaged");
        ++refused;
      }
    }
    EXPECT_GT(refused, 50) << file.extension();
  }
}

TEST_F(FormatsTest, BytesThatAreNoTextAreRefusedWhenChosen) {
  arrow::BinaryBuilder bytes;
  ASSERT_TRUE(bytes.Append("fine").ok() && bytes.Append("\xFF\xD8").ok());
  write_parquet(*arrow::Table::Make(arrow::schema({arrow::field("text", arrow::binary())}), {bytes.Finish().ValueOrDie()}),
                folder / "c.parquet");
  model::ModelSpec spec;
  spec.labels = {"LABEL_0", "LABEL_1"};
  LoadOptions options;
  options.labels = LabelNeed::if_readable;
  expect_error(error_of([&] { load_rows(folder / "c.parquet", task("classification"), options, spec, silent_progress()); }),
               ErrorKind::bad_input, "row 2 is not UTF-8 in column 'text'");
}

}  // namespace
}  // namespace hies::data
