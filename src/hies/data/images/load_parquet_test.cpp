// Images in Parquet, in every type that programs write them in.

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <parquet/arrow/writer.h>

#include "hies/data/images/test_set.h"

namespace hies::data {
namespace {

struct LoadParquet : Load {
  using Array = std::shared_ptr<arrow::Array>;

  template <class Builder>
  Array files() const {
    Builder builder;
    for (const std::string& name : names) EXPECT_TRUE(builder.Append(image_file(name)).ok());
    return builder.Finish().ValueOrDie();
  }
  template <class Builder>
  Array texts(const std::vector<std::string>& values) const {
    Builder builder;
    for (const std::string& value : values) EXPECT_TRUE(builder.Append(value).ok());
    return builder.Finish().ValueOrDie();
  }
  static Array numbers(const std::vector<std::int64_t>& values) {
    arrow::Int64Builder builder;
    EXPECT_TRUE(builder.AppendValues(values).ok());
    return builder.Finish().ValueOrDie();
  }
  // As the hub stores images, and polars, with bytes of another type.
  Array records(const Array& bytes) const {
    const Array paths = texts<arrow::StringBuilder>(names);
    return arrow::StructArray::Make({bytes, paths}, std::vector<std::string>{"bytes", "path"}).ValueOrDie();
  }

  std::filesystem::path write(const Array& images, const Array& labels, const std::string& hub = "", std::int64_t rows = 2,
                              const std::string& name = "a.parquet") const {
    const auto metadata = hub.empty() ? nullptr : arrow::key_value_metadata({"huggingface"}, {hub});
    const auto table = arrow::Table::Make(
        arrow::schema({arrow::field("img", images->type()), arrow::field("label", labels->type())}, metadata), {images, labels});
    const auto file = arrow::io::FileOutputStream::Open((folder / name).string()).ValueOrDie();
    EXPECT_TRUE(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), file, rows, parquet::default_writer_properties(),
                                           parquet::ArrowWriterProperties::Builder().store_schema()->build())
                    .ok());
    EXPECT_TRUE(file->Close().ok());
    return folder / name;
  }
};

TEST_F(LoadParquet, ClassesOfTheHub) {
  const std::string hub = R"({"info":{"features":{"label":{"names":["tree frog","cat","dog"],"_type":"ClassLabel"}}}})";
  const Array labels = numbers({1, 1, 2, 0});
  expect_same(load(write(records(files<arrow::BinaryBuilder>()), labels, hub)));
  expect_same(load(write(files<arrow::BinaryBuilder>(), labels, hub)));
}

TEST_F(LoadParquet, EveryTypeOfBytes) {
  const Array labels = texts<arrow::StringBuilder>(classes);
  for (const Array& bytes :
       {files<arrow::BinaryBuilder>(), files<arrow::LargeBinaryBuilder>(), files<arrow::BinaryViewBuilder>()}) {
    SCOPED_TRACE(bytes->type()->ToString());
    expect_same(load(write(bytes, labels)));
    const std::int64_t one_group = 4;  // Arrow cannot write a part of records with a member of binary_view
    expect_same(load(write(records(bytes), labels, "", one_group)));
  }
}

TEST_F(LoadParquet, EveryTypeOfLabel) {
  const Array images = files<arrow::BinaryBuilder>();
  expect_same(load(write(images, texts<arrow::LargeStringBuilder>(classes))));
  expect_same(load(write(images, texts<arrow::StringViewBuilder>(classes))));
  expect_same(load(write(images, texts<arrow::StringDictionaryBuilder>(classes))));
  expect_same(load(write(images, texts<arrow::DictionaryBuilder<arrow::LargeStringType>>(classes))));
  expect_same(load(write(images, numbers({0, 0, 1, 2}))));
}

TEST_F(LoadParquet, EveryTypeOfPath) {
  class_folders();
  std::vector<std::string> paths;
  for (std::size_t i = 0; i < names.size(); ++i) paths.push_back("set/" + classes[i] + "/" + file_name(i));
  const Array labels = texts<arrow::StringDictionaryBuilder>(classes);
  expect_same(load(write(texts<arrow::StringBuilder>(paths), labels)));
  expect_same(load(write(texts<arrow::StringViewBuilder>(paths), labels)));
  expect_same(load(write(texts<arrow::StringDictionaryBuilder>(paths), labels)));
}

// One folder of several files, and what they say of their classes.
TEST_F(LoadParquet, Shards) {
  const std::string hub = R"({"info":{"features":{"label":{"names":["tree frog","cat","dog"],"_type":"ClassLabel"}}}})";
  const Array images = records(files<arrow::BinaryBuilder>()), labels = numbers({1, 1, 2, 0});
  const auto shard = [&](const std::string& name, std::int64_t begin, std::int64_t end, const std::string& metadata) {
    write(images->Slice(begin, end - begin), labels->Slice(begin, end - begin), metadata, 2, "hub/data/" + name);
  };
  folder.folder("hub/data");
  shard("test-00000-of-00002.parquet", 0, 3, hub);
  shard("test-00001-of-00002.parquet", 3, 4, hub);
  folder.write("hub/data/README.md", "x");
  expect_same(load(folder / "hub/data"));
  expect_same(load(folder / "hub/data/test"));
  LoadOptions some = in_order();
  some.order = "random";
  some.examples = 2;
  EXPECT_EQ(load(folder / "hub/data", some).hash, load(write(images, labels, hub), some).hash);
  shard("test-00001-of-00002.parquet", 3, 4, R"({"info":{"features":{"label":{"names":["cat","dog","tree frog"]}}}})");
  expect_error(
      error_of([&] { load(folder / "hub/data"); }), ErrorKind::bad_input,
      "test-00001-of-00002.parquet, row 1: its classes are named otherwise than those of the files before it | cat, dog");
  shard("test-00001-of-00002.parquet", 3, 4, hub);
  shard("train-00000-of-00001.parquet", 0, 4, hub);
  expect_error(error_of([&] { load(folder / "hub/data"); }), ErrorKind::bad_input, "holds several splits: test, train");
  expect_same(load(folder / "hub/data/train"));
}

// As datasets writes images that it was given by their paths.
TEST_F(LoadParquet, RecordsOfPathsAlone) {
  class_folders();
  arrow::BinaryBuilder bytes;
  std::vector<std::string> paths;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const bool within = i % 2 == 0;
    ASSERT_TRUE((within ? bytes.Append(image_file(names[i])) : bytes.AppendNull()).ok());
    paths.push_back(within ? "elsewhere.png" : "set/" + classes[i] + "/" + file_name(i));
  }
  const Array records = arrow::StructArray::Make({bytes.Finish().ValueOrDie(), texts<arrow::StringBuilder>(paths)},
                                                 std::vector<std::string>{"bytes", "path"})
                            .ValueOrDie();
  const Array labels = texts<arrow::StringBuilder>(classes);
  expect_same(load(write(records, labels)));
  std::filesystem::remove(folder / paths[1]);
  expect_error(error_of([&] { pixels_of(load(folder / "a.parquet")); }), ErrorKind::io, paths[1]);
}

TEST_F(LoadParquet, WhatIsNoImageIsNotPrinted) {
  const Array labels = texts<arrow::StringBuilder>(classes);
  const auto refused = [&](const Array& images, std::string_view wanted) {
    const Error error = error_of([&] { pixels_of(load(write(images, labels))); });
    expect_error(error, ErrorKind::bad_input, wanted);
    for (const unsigned char c : std::string(error.what()) + error.hint())
      EXPECT_TRUE(c >= ' ' && c != 0x7F && c != 0xFF) << int{c};
    EXPECT_LT(std::string(error.what()).size(), 300u);
  };
  refused(numbers({1, 2, 3, 4}), "column 'img' holds no images, but int64");
  // Files under a type of texts.
  refused(texts<arrow::StringBuilder>({"\xFF\xD8\xFF", "b", "c", "d"}), "row 1: 3 bytes in column 'img' are no path of an image");
  refused(texts<arrow::StringBuilder>({std::string(5000, 'A'), "b", "c", "d"}), "row 1: 'AAAA");
  const Array paths = texts<arrow::StringBuilder>(names);
  refused(arrow::StructArray::Make({paths, paths}, std::vector<std::string>{"bytes", "path"}).ValueOrDie(),
          "the records of column 'img' have no member 'bytes' of bytes");
  refused(arrow::StructArray::Make({paths}, std::vector<std::string>{"path"}).ValueOrDie(), "have no member 'bytes'");
  arrow::BinaryBuilder gap;
  ASSERT_TRUE(gap.Append(image_file("rgb.jpg")).ok() && gap.AppendNulls(3).ok());
  refused(gap.Finish().ValueOrDie(), "row 2: there is no image");
}

}  // namespace
}  // namespace hies::data
