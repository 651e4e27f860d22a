// What people give in the place of one well-formed table: JSON objects, folders of shards, files without header, pointers.
#include "hies/data/data_files.h"

#include "hies/base/json.h"
#include "hies/data/columns.h"
#include "hies/data/table.h"
#include "hies/data/test_files.h"

namespace hies::data {
namespace {

using Texts = std::vector<std::string>;

Texts cells_of(const Table& table) {
  Texts cells;
  for (std::int64_t row = 0; row < table.row_count(); ++row)
    for (const std::string& column : table.names())
      cells.push_back(table.is_null(row, *table.find(column)) ? "<null>" : table.text(row, *table.find(column)));
  return cells;
}

struct DataFilesTest : testing::Test {
  TestFolder folder;
  Texts read(std::string_view name) { return cells_of(read_table(folder / name)); }
  Texts read(std::string_view name, std::string_view content) { return cells_of(read_table(folder.write(name, content))); }
  void expect_refused(std::string_view name, std::string_view wanted) {
    expect_error(error_of([&] { read_table(folder / name); }), ErrorKind::bad_input, wanted);
  }
  void expect_refused(std::string_view name, std::string_view content, std::string_view wanted) {
    folder.write(name, content);
    expect_refused(name, wanted);
  }
};

const Texts kTwoRows = {"a film", "1", "bad", "0"};

TEST_F(DataFilesTest, ObjectsThatHoldATable) {
  constexpr std::array kForms = {
      R"({"text":{"0":"a film","1":"bad"},"label":{"0":1,"1":0}})",                                 // pandas to_json()
      R"({"text":{"7":"a film","3":"bad"},"label":{"7":1,"3":0}})",                                 // of shuffled rows
      R"({"0":{"text":"a film","label":1},"1":{"text":"bad","label":0}})",                          // orient="index"
      R"({"columns":["text","label"],"index":[0,1],"data":[["a film",1],["bad",0]]})",              // orient="split"
      R"({"columns":["text","label"],"data":[["a film",1],["bad",0]]})",                            // without index
      R"({"schema":{"fields":[]},"data":[{"text":"a film","label":1},{"text":"bad","label":0}]})",  // orient="table"
      R"([{"text":"a film","label":1},{"text":"bad","label":0}])",                                  // orient="records"
      R"({"text":["a film","bad"],"label":[1,0]})",                                                 // to_dict(orient="list")
      R"({"data":[{"text":"a film","label":1},{"text":"bad","label":0}]})",
  };
  for (const char* form : kForms) {
    EXPECT_EQ(read("a.json", form), kTwoRows) << form;
    const std::string indented = Json::parse(form).dump(2);
    EXPECT_EQ(read("a.json", indented), kTwoRows) << indented;
    EXPECT_EQ(read("a.jsonl", form), kTwoRows) << form;
  }
  EXPECT_EQ(read_table(folder.write("a.json", kForms[0])).where(1), (folder / "a.json").string() + ": row 2");
}

TEST_F(DataFilesTest, OneRecordIsOneRow) {
  EXPECT_EQ(read("a.jsonl", R"({"text":"a film","label":1})"), (Texts{"a film", "1"}));
  EXPECT_EQ(read("a.json", "{\n \"text\": \"a film\",\n \"label\": 1\n}\n"), (Texts{"a film", "1"}));
  EXPECT_EQ(read("b.json", R"({"query":"a","choices":["b","c"],"answer":0})"), (Texts{"a", "<null>", "0"}));
  EXPECT_EQ(read_table(folder / "a.json").where(0), (folder / "a.json").string() + ": line 1");
}

TEST_F(DataFilesTest, ObjectsThatHoldSeveralTables) {
  folder.write(
      "dev.json",
      "{\n \"sst2\": [{\"text\":\"a film\",\"label\":1},{\"text\":\"bad\",\"label\":0}],\n \"rte\": [{\"premise\":\"x\"}],\n"
      " \"more\": {\"mnli\": {\"text\":[\"a\"]}}}");
  expect_refused("dev.json",
                 "is a JSON object of several parts: sst2, rte, more | name one of them: " + (folder / "dev.json/sst2").string());
  EXPECT_EQ(read("dev.json/sst2"), kTwoRows);
  EXPECT_EQ(read("dev.json/more/mnli"), (Texts{"a"}));
  EXPECT_EQ(read_table(folder / "dev.json/sst2").where(1), (folder / "dev.json/sst2").string() + ": row 2");
  expect_refused("dev.json/sst", "has no member 'sst' | did you mean 'sst2'? known: sst2, rte, more");
  expect_refused("dev.json/sst2/text", "no object that could have a member 'text'");
  expect_error(error_of([&] { read_table(folder / "none.json/sst2"); }), ErrorKind::io, "none.json/sst2");
}

TEST_F(DataFilesTest, ObjectsThatAreNoTable) {
  expect_refused("a.json", "{}", "a.json holds no rows");
  expect_refused("a.json", R"({"x":{"p":1},"y":{"p":2}})",
                 "a JSON object of objects, of which it is not plain whether they are rows or columns: x, y | write rows");
  expect_refused("a.json", R"({"0":{"1":"a"},"1":{"1":"b"}})", "not plain whether they are rows or columns");
  expect_refused("a.json", R"({"text":{"0":"a"},"text":{"0":"b"}})", "two columns are named 'text'");
  expect_refused("a.json", R"({"text":{"0":"a"},"label":{"0":1 2}})", "a.json is not valid JSON");
  expect_refused("a.json", R"({"text":["a","b"],"label":[1]})", "lists differ in length: 'text' holds 2, 'label' 1");
  expect_refused("a.json", R"({"text":{"0":"a","1":"b"},"label":{"1":1,"0":0}})", "column 'label' has other rows than 'text'");
  expect_refused("a.json", R"({"columns":["text"],"data":[["a",1]]})", "row 1 of its 'data' does not fit its 1 'columns'");
  expect_refused("a.json", "{\n \"text\": [\"a\",\n", "a.json is not valid JSON (line 3");
  expect_refused("a.jsonl", R"({"text":"a","text":"b"})", "'text' stands twice");
  const std::string deep = std::string(50000, '[') + std::string(50000, ']');
  expect_refused("a.jsonl", "{\"a\":1}\n{\"a\":" + deep + "}\n", "line 2: more than 100 lists and objects");
  expect_refused("a.json", "[{\"a\":" + deep + "}]", "line 1: more than 100 lists and objects");
  expect_refused("a.json", "{\"a\":" + deep + "}", "more than 100 lists and objects");
}

TEST_F(DataFilesTest, ShardsAreOneTable) {
  folder.folder("data");
  folder.write("data/train-00001-of-00002.csv", "label,text\n0,bad\n");
  folder.write("data/train-00000-of-00002.csv", "text,label\na film,1\n");
  for (const char* hidden :
       {"data/._train-00000-of-00002.csv", "data/.gitattributes", "data/dataset_info.json", "data/README.md"})
    folder.write(hidden, "\x01");
  for (const char* path : {"data", "data/train"}) {
    EXPECT_EQ(read(path), kTwoRows);
    const Table table = read_table(folder / path);
    EXPECT_EQ(table.line(1), 2);
    EXPECT_EQ(table.where(0), (folder / "data/train-00000-of-00002.csv").string() + ": line 2");
    EXPECT_EQ(table.where(1), (folder / "data/train-00001-of-00002.csv").string() + ": line 2");
  }
  EXPECT_EQ(read("data/train-00001-of-00002.csv"), (Texts{"0", "bad"}));
  folder.write("data/test-00000-of-00001-0123456789abcdef.csv", "text,label\nx,1\n");
  expect_refused("data", "holds several splits: test, train | give one of them: " + (folder / "data/test").string());
  EXPECT_EQ(read("data/test"), (Texts{"x", "1"}));
  EXPECT_EQ(read("data/train"), kTwoRows);
}

TEST_F(DataFilesTest, FoldersOfOtherNames) {
  folder.folder("lines");
  folder.write("lines/0000.jsonl", "{\"text\":\"a film\",\"label\":1}\n");
  folder.write("lines/0001.jsonl", "{\"label\":0,\"text\":\"bad\"}\n");
  EXPECT_EQ(read("lines"), kTwoRows);
  folder.write("lines/0002.jsonl", "{\"text\":\"more\",\"idx\":3}\n");
  EXPECT_EQ(read("lines"), (Texts{"a film", "1", "<null>", "bad", "0", "<null>", "more", "<null>", "3"}));
  folder.folder("splits");
  for (const char* name : {"splits/validation_matched.tsv", "splits/validation_mismatched.tsv"}) folder.write(name, "text\na\n");
  expect_refused("splits", "holds several splits: validation_matched, validation_mismatched");
  EXPECT_EQ(read("splits/validation_matched"), (Texts{"a"}));
  expect_error(error_of([&] { read_table(folder / "splits/train"); }), ErrorKind::io, "splits/train");
}

TEST_F(DataFilesTest, FoldersThatAreNoTable) {
  folder.folder("a/plain_text");
  expect_refused("a", "holds no .tsv, .csv, .jsonl, .json or .parquet files | give one of its folders: plain_text");
  folder.folder("arrow");
  folder.write("arrow/data-00000-of-00001.arrow", "x");
  folder.write("arrow/state.json", "{}");
  expect_refused("arrow", "to_parquet");
  folder.folder("mixed");
  folder.write("mixed/a.csv", "text\na\n");
  folder.write("mixed/b.tsv", "text\na\n");
  expect_refused("mixed", "holds files of several kinds: a.csv and b.tsv");
  folder.folder("lacking");
  folder.write("lacking/train-00000-of-00002.csv", "text\na\n");
  expect_refused("lacking", "train-00000-of-00002.csv is one of 2 shards, but number 1 is not there");
  folder.write("lacking/train-00001-of-00002.csv", "text,label\na,1\n");
  expect_refused("lacking", "train-00001-of-00002.csv has a column 'label', which train-00000-of-00002.csv lacks");
  folder.write("lacking/train-00001-of-00002.csv", "text\na\n");
  folder.write("lacking/train-00001-of-00002-ab.csv", "text\na\n");
  expect_refused("lacking", "two files are shard 1 of 'train'");
}

TEST_F(DataFilesTest, UnnamedColumns) {
  EXPECT_EQ(read("a.csv", ",text,label\n0,a film,1\n1,bad,0\n"), kTwoRows);      // pandas' index
  EXPECT_EQ(read("a.csv", "text,label,,,\na film,1,,,\nbad,0,,,\n"), kTwoRows);  // a spreadsheet's empty columns
  EXPECT_EQ(read("a.csv", "label,text,,\n1,a film,and,more\n0,bad,,\n"), (Texts{"1", "a film", "0", "bad"}));
  EXPECT_EQ(read("a.csv", "text,label\na film,1,\nbad,0,,,\n"), kTwoRows);  // empty fields behind the last
  EXPECT_EQ(read("a.csv", "text,label,\na film,1\nbad,0\n"), kTwoRows);
  EXPECT_EQ(read("a.tsv", "text\tlabel\t\t\na film\t1\t\t\nbad\t0\n"), kTwoRows);
  expect_refused("a.csv", "text,label\na film,1,x\n", "line 2 has 3 fields, but there are 2 columns");
  expect_refused("a.csv", "text,label\na film\n", "line 2 has 1 field");
}

TEST_F(DataFilesTest, FilesWithoutHeader) {
  LoadOptions options;
  const auto columns = [&](std::string_view name, std::string_view content) {
    return cells_of(read_task_table(folder.write(name, content), task("classification"), options));
  };
  options.columns = "text,label";
  EXPECT_EQ(columns("a.tsv", "a film\t1\nbad\t0\n"), kTwoRows);
  EXPECT_EQ(columns("a.csv", "a film,1\r\nbad,0\r\n"), kTwoRows);
  EXPECT_EQ(columns("a.csv", "text,label\na film,1\nbad,0\n"), kTwoRows);  // which has one after all
  options.columns = ",label,,text";
  EXPECT_EQ(columns("a.tsv", "7\t1\tx\ta film\n8\t0\tx\tbad\n"), (Texts{"1", "a film", "0", "bad"}));
  folder.folder("shards");
  folder.write("shards/train-00000-of-00002.tsv", "7\t1\tx\ta film\n");
  folder.write("shards/train-00001-of-00002.tsv", "8\t0\tx\tbad\n");
  EXPECT_EQ(cells_of(read_task_table(folder / "shards", task("classification"), options)), (Texts{"1", "a film", "0", "bad"}));
  const auto refused = [&](std::string_view name, std::string_view content, std::string_view wanted) {
    expect_error(error_of([&] { columns(name, content); }), ErrorKind::bad_input, wanted);
  };
  options.columns = "text,text";
  refused("a.tsv", "a\tb\n", "`columns`: two columns are named 'text'");
  options.columns = "text,label,x";
  refused("a.tsv", "a film\t1\n", "line 1 has 2 fields, but there are 3 columns | columns: text, label, x");
  refused("a.jsonl", "{\"text\":\"a\",\"label\":1}\n{\"text\":\"a\",\"label\":1}\n", "`columns` is for .tsv and .csv files, but");
  options.columns.clear();
  // The hint names the option.
  const Table table = read_table(folder.write("a.tsv", "a film\t1\nbad\t0\n"));
  expect_error(error_of([&] { text_column(table, task("classification"), options); }), ErrorKind::bad_input,
               "columns: a film, 1; name yours with `text`; if the first line is a row already, name all columns with `columns`");
  expect_error(error_of([&] { named_column(table, "text"); }), ErrorKind::bad_input, "name all columns with `columns`");
  const Table semicolons = read_table(folder.write("a.csv", "text;label\na film;1\n"));
  expect_error(error_of([&] { text_column(semicolons, task("classification"), options); }), ErrorKind::bad_input,
               "columns: text;label; name yours with `text`; are fields separated as the file's name says? .csv: by commas");
  expect_refused("b.tsv", "0\t0\ta\n1\t0\tb\n", "two columns are named '0' | if the first line is a row already");
}

TEST_F(DataFilesTest, PointersAreNamed) {
  constexpr std::string_view kPointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n";
  for (const char* name : {"a.tsv", "a.csv", "a.jsonl", "a.json", "a.txt", "a.parquet"})
    expect_refused(name, kPointer,
                   std::string(name) + " is a Git LFS pointer: the content was never downloaded | run `git lfs pull`");
}

TEST_F(DataFilesTest, OtherKindsOfFiles) {
  expect_refused("a.csv.gz", "x", "unknown kind of data file '.gz' | decompress it first; known: .tsv");
}

}  // namespace
}  // namespace hies::data
