// The same images from every place that they can lie in.

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <parquet/arrow/writer.h>

#include "hies/data/images/test_images.h"
#include "hies/data/test_files.h"
#include "hies/image/decode.h"

namespace hies::data {
namespace {

class Load : public testing::Test {
 protected:
  const std::vector<std::string> names = {"rgb.jpg", "grey.png", "palette.png", "rgb-alpha.png"};
  const std::vector<std::string> classes = {"cat", "cat", "dog", "tree-frog"};
  const std::vector<double> ids = {0, 0, 1, 2};
  TestFolder folder;

  // 0.png … 3.png, so that their order is that of `names` in a class and over all.
  std::string file_name(std::size_t i) const {
    return fmt::format("{}{}", i, std::filesystem::path(names[i]).extension().string());
  }

  std::filesystem::path class_folders(const std::string& name = "set") const {
    for (std::size_t i = 0; i < names.size(); ++i) {
      folder.folder(name + "/" + classes[i]);
      folder.write(name + "/" + classes[i] + "/" + file_name(i), image_file(names[i]));
    }
    return folder / name;
  }

  std::vector<Member> members() const {
    std::vector<Member> all;
    for (std::size_t i = 0; i < names.size(); ++i)
      all.push_back({"./pets/" + classes[i] + "/" + file_name(i), image_file(names[i])});
    return all;
  }

  void expect_same(const Dataset& other) const {
    const Dataset first = load(class_folders("expected"));  // files of `other` may still be read
    EXPECT_EQ(labels_of(other), ids);
    EXPECT_EQ(pixels_of(other), pixels_of(first));
    EXPECT_EQ(other.hash, first.hash);
    EXPECT_TRUE(other.has_labels);
    EXPECT_EQ(other.token_count(), 4 * 10);
  }
};

TEST_F(Load, ClassFolders) {
  const auto set = class_folders();
  folder.write("set/README.txt", "not an image");
  folder.write("set/cat/.hidden.png", "neither");
  expect_same(load(set));
}

TEST_F(Load, PixelsAreTheProcessors) {
  const Dataset dataset = load(class_folders());
  const image::Processor processor = image::usual_processor("vit", {12, 12});
  const std::string file = image_file("rgb.jpg");
  const image::Image image = processor.fitted(image::decode(std::as_bytes(std::span(file)), 3, 1 << 20, "x"));
  const std::vector<float> pixels = pixels_of(dataset);
  for (std::size_t c = 0; c < 3; ++c)
    for (std::size_t i = 0; i < 144; ++i)
      EXPECT_FLOAT_EQ(pixels[c * 144 + i], (static_cast<float>(image.pixels[3 * i + c]) / 255 - 0.5f) / 0.5f);
}

TEST_F(Load, TarOfClassFolders) {
  expect_same(load(folder.write("a.tar", tar_of(members()))));
  std::vector<Member> more = members();
  more.push_back({"others/wolf/1.png", image_file("grey.png")});
  expect_same(load(folder.write("b.tar", tar_of(more)) / "pets"));
}

TEST_F(Load, ListsOfPaths) {
  class_folders();
  std::string csv = "label,image\n", jsonl;
  for (std::size_t i = 0; i < names.size(); ++i) {
    csv += fmt::format("{},set/{}/{}\n", ids[i], classes[i], file_name(i));
    jsonl += fmt::format("{{\"path\":\"set/{}/{}\",\"label\":\"{}\"}}\n", classes[i], file_name(i), classes[i]);
  }
  expect_same(load(folder.write("list.csv", csv)));
  expect_same(load(folder.write("list.jsonl", jsonl)));
  LoadOptions options = in_order();
  options.text = "where";
  expect_error(error_of([&] { load(folder / "list.csv", options); }), ErrorKind::bad_input, "where");
}

TEST_F(Load, Parquet) {
  arrow::BinaryBuilder bytes;
  arrow::StringBuilder paths;
  arrow::Int64Builder labels;
  for (std::size_t i = 0; i < names.size(); ++i) {
    ASSERT_TRUE(bytes.Append(image_file(names[i])).ok() && paths.Append(file_name(i)).ok());
    ASSERT_TRUE(labels.Append(std::vector<int>{1, 1, 2, 0}[i]).ok());  // of the hub's names below
  }
  const auto files = bytes.Finish().ValueOrDie();
  const auto records =
      arrow::StructArray::Make({files, paths.Finish().ValueOrDie()}, std::vector<std::string>{"bytes", "path"}).ValueOrDie();
  const auto ids_of_hub = labels.Finish().ValueOrDie();
  const auto write = [&](const std::shared_ptr<arrow::Array>& images, const char* name, std::int64_t begin = 0,
                         std::int64_t end = 4) {
    const auto metadata = arrow::key_value_metadata(
        {"huggingface"}, {R"({"info":{"features":{"label":{"names":["tree frog","cat","dog"],"_type":"ClassLabel"}}}})"});
    const auto table =
        arrow::Table::Make(arrow::schema({arrow::field("img", images->type()), arrow::field("label", arrow::int64())}, metadata),
                           {images, ids_of_hub});
    const auto file = arrow::io::FileOutputStream::Open((folder / name).string()).ValueOrDie();
    ASSERT_TRUE(parquet::arrow::WriteTable(*table->Slice(begin, end - begin), arrow::default_memory_pool(), file, 2,
                                           parquet::default_writer_properties(),
                                           parquet::ArrowWriterProperties::Builder().store_schema()->build())
                    .ok());
    ASSERT_TRUE(file->Close().ok());
  };
  write(records, "records.parquet");
  expect_same(load(folder / "records.parquet"));
  write(files, "files.parquet");
  expect_same(load(folder / "files.parquet"));

  folder.folder("hub/data");
  write(records, "hub/data/test-00000-of-00002.parquet", 0, 3);
  write(records, "hub/data/test-00001-of-00002.parquet", 3, 4);
  folder.write("hub/data/README.md", "x");
  expect_same(load(folder / "hub/data"));
  expect_same(load(folder / "hub/data/test"));
  LoadOptions some = in_order();
  some.order = "random";
  some.examples = 2;
  EXPECT_EQ(load(folder / "hub/data", some).hash, load(folder / "records.parquet", some).hash);
  write(records, "hub/data/train-00000-of-00001.parquet");
  expect_error(error_of([&] { load(folder / "hub/data"); }), ErrorKind::bad_input, "holds several splits: test, train");
  expect_same(load(folder / "hub/data/train"));
}

std::string big_endian(std::initializer_list<std::uint32_t> numbers) {
  std::string bytes;
  for (const std::uint32_t number : numbers)
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift & 0xFF);
  return bytes;
}

TEST_F(Load, Idx) {
  std::string pixels;
  for (int i = 0; i < 2 * 12 * 12; ++i) pixels += static_cast<char>(i);
  const auto file = folder.write("t-images-idx3-ubyte", big_endian({0x0803, 2, 12, 12}) + pixels);
  EXPECT_FALSE(load(file,
                    [] {
                      LoadOptions options = in_order();
                      options.labels = LabelNeed::if_present;
                      return options;
                    }())
                   .has_labels);
  folder.write("t-labels-idx1-ubyte", big_endian({0x0801, 2}) + "\2\1");
  const Dataset dataset = load(file);
  EXPECT_EQ(labels_of(dataset), (std::vector<double>{2, 1}));
  const std::vector<float> values = pixels_of(dataset);
  for (std::size_t c = 0; c < 3; ++c)
    EXPECT_FLOAT_EQ(values[3 * 144 + c * 144 + 5], (static_cast<float>((144 + 5) % 256) / 255 - 0.5f) / 0.5f);
  folder.write("t-images-idx3-ubyte", big_endian({0x0803, 3, 12, 12}) + pixels);
  expect_error(error_of([&] { load(file); }), ErrorKind::bad_input, "should hold 432 numbers");
}

TEST_F(Load, Cifar) {
  model::ModelSpec spec = image_spec();
  spec.vision.height = spec.vision.width = 32;
  const auto load32 = [&](const std::filesystem::path& path) {
    return load_images(path, task("image-classification"), in_order(), spec, image::usual_processor("vit", {32, 32}), 1,
                       silent_progress());
  };
  std::string ten, hundred;
  for (char label = 0; label < 3; ++label) {
    std::string pixels;
    for (int i = 0; i < 3072; ++i) pixels += static_cast<char>(i / 12 + label);
    ten += label + pixels;
    hundred += std::string("\7") + label + pixels;
  }
  const Dataset dataset = load32(folder.write("test_batch.bin", ten));
  EXPECT_EQ(labels_of(dataset), (std::vector<double>{0, 1, 2}));
  EXPECT_FLOAT_EQ(pixels_of(dataset)[3072 + 2000], (static_cast<float>(167) / 255 - 0.5f) / 0.5f);
  EXPECT_EQ(labels_of(load32(folder.write("test.bin", hundred))), (std::vector<double>{0, 1, 2}));
  // Names beside the file are matched with the model's, in an archive too.
  folder.write("batches.meta.txt", "dog\ntree_frog\ncat\n\n");
  EXPECT_EQ(labels_of(load32(folder / "test_batch.bin")), (std::vector<double>{1, 2, 0}));
  const auto tar = folder.write("c.tar", tar_of({{"c/batches.meta.txt", "dog\ntree_frog\ncat\n"}, {"c/test_batch.bin", ten}}));
  EXPECT_EQ(labels_of(load32(tar / "c/test_batch.bin")), (std::vector<double>{1, 2, 0}));
  expect_error(error_of([&] { load32(folder.write("bad.bin", ten + "x")); }), ErrorKind::bad_input, "no whole number");
}

TEST_F(Load, OrderAndNumberAreThoseOfRows) {
  const auto set = class_folders();
  LoadOptions options;
  options.examples = 2;
  options.seed = 5;
  const Dataset some = load(set, options), again = load(set, options);
  EXPECT_EQ(some.size(), 2);
  EXPECT_EQ(some.hash, again.hash);
  options.seed = 6;
  EXPECT_NE(load(set, options).hash, some.hash);
}

TEST_F(Load, AnotherImageSize) {
  LoadOptions options = in_order();
  options.image_size = 20;
  const Dataset dataset = load(class_folders(), options);
  EXPECT_EQ(dataset.examples.front().image.from->shape(), (model::ImageLoader::Shape{3, 20, 20}));
  EXPECT_EQ(dataset.token_count(), 4 * 26);
  options.image_size = 3;
  expect_error(error_of([&] { load(class_folders(), options); }), ErrorKind::bad_input, "`image_size` is 3");
}

// A set that is asked for out of order, again, and in pieces.
TEST_F(Load, AnyOrderOfAsking) {
  const Dataset dataset = load(class_folders());
  const model::ImageLoader& images = *dataset.examples.front().image.from;
  const std::vector<float> all = pixels_of(dataset);
  const auto size = static_cast<std::size_t>(images.shape().numbers());
  for (const std::vector<std::int64_t>& indices : {std::vector<std::int64_t>{3}, {2, 0}, {1, 1}, {3, 2, 1, 0}}) {
    std::vector<float> pixels(indices.size() * size);
    images.write(indices, pixels);
    for (std::size_t i = 0; i < indices.size(); ++i)
      EXPECT_TRUE(std::equal(pixels.begin() + static_cast<std::ptrdiff_t>(i * size),
                             pixels.begin() + static_cast<std::ptrdiff_t>((i + 1) * size),
                             all.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(indices[i]) * size)));
  }
}

}  // namespace
}  // namespace hies::data
