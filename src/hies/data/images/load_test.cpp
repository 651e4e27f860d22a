// The same images from every place that they can lie in.

#include "hies/data/images/test_set.h"
#include "hies/data/test_files.h"
#include "hies/image/decode.h"

namespace hies::data {
namespace {

TEST_F(Load, ClassFolders) {
  const auto set = class_folders();
  folder.write("set/README.txt", "not an image");
  folder.write("set/cat/.hidden.png", "neither");
  expect_same(load(set));
}

// What systems and programs put beside the images.
TEST_F(Load, HiddenNamesAreIgnored) {
  const auto set = class_folders();
  const std::vector<std::string> hidden = {"cat/.ipynb_checkpoints/0-checkpoint.jpg",
                                           "cat/@eaDir/0.jpg/SYNOPHOTO_THUMB_M.jpg",
                                           "dog/._2.png",
                                           ".ipynb_checkpoints/x.png",
                                           "__MACOSX/cat/._0.jpg",
                                           ".DS_Store",
                                           "cat/Thumbs.db"};
  std::vector<Member> packed = members();
  for (const std::string& path : hidden) {
    folder.folder((std::filesystem::path("set") / path).parent_path().string());
    folder.write("set/" + path, "no image");
    packed.push_back({"./pets/" + path, "no image"});
  }
  folder.folder("set/@eaDir");  // empty
  packed.push_back({"__MACOSX/pets/cat/._0.jpg", "no image"});
  packed.push_back({"./._pets", "no image"});
  expect_same(load(set));
  expect_same(load(folder.write("a.tar", tar_of(packed))));
  // The path that the user gives is no part of the data.
  folder.folder(".cache");
  std::filesystem::rename(folder / "set", folder / ".cache/set");
  expect_same(load(folder / ".cache/set"));
  std::vector<Member> inside;
  for (const Member& member : members()) inside.push_back({".cache/" + member.path.substr(2), member.content});
  expect_same(load(folder.write("b.tar", tar_of(inside)) / ".cache/pets"));
}

TEST_F(Load, LabelsOfFoldersAndListsMeanTheSame) {
  model::ModelSpec digits = image_spec();
  digits.labels = {"1", "2", "3"};
  Warnings warnings;
  std::string csv = "label,image\n";
  for (int label : {0, 1, 2}) {
    folder.folder(fmt::format("digits/{}", label));
    folder.write(fmt::format("digits/{}/a.jpg", label), image_file("rgb.jpg"));
    csv += fmt::format("{0},digits/{0}/a.jpg\n", label);
  }
  const std::vector<double> expected = {0, 1, 2};
  EXPECT_EQ(labels_of(load(folder / "digits", in_order(), digits, warnings)), expected);
  EXPECT_EQ(labels_of(load(folder.write("digits.csv", csv), in_order(), digits, warnings)), expected);
  ASSERT_EQ(warnings.lines.size(), 2u);
  EXPECT_NE(warnings.lines[0].find("the class folders (0, 1, 2) are numbers and read as ids"), std::string::npos)
      << warnings.lines[0];
  EXPECT_NE(warnings.lines[1].find("column 'label' are read as ids"), std::string::npos) << warnings.lines[1];
}

TEST_F(Load, ImagesWithoutLabelAreLeftOutWhenAsked) {
  class_folders();
  const auto list =
      folder.write("list.csv", "label,image\n-1,set/cat/0.jpg\ndog,set/cat/1.png\n,set/dog/2.png\ncat,set/tree-frog/3.png\n");
  expect_error(error_of([&] { load(list); }), ErrorKind::bad_input,
               "set/cat/0.jpg: label -1 says that the row has no label | 2 of 4");
  LoadOptions options = in_order();
  options.skip_unlabelled = true;
  Warnings warnings;
  EXPECT_EQ(labels_of(load(list, options, image_spec(), warnings)), (std::vector<double>{1, 0}));
  ASSERT_EQ(warnings.lines.size(), 1u);
  EXPECT_NE(warnings.lines[0].find("2 of 4 images have no label: they are left out"), std::string::npos);
  // Together with images that cannot be read.
  folder.write("set/cat/1.png", "text");
  options.skip_bad = true;
  EXPECT_EQ(labels_of(load(list, options)), (std::vector<double>{0}));
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
  std::string records = jsonl.substr(0, jsonl.size() - 1);
  std::replace(records.begin(), records.end(), '\n', ',');
  expect_same(
      load(folder.write("lists.json", fmt::format(R"({{"pets":[{}],"others":[{{"path":"none.png"}}]}})", records)) / "pets"));
  LoadOptions options = in_order();
  options.text = "where";
  expect_error(error_of([&] { load(folder / "list.csv", options); }), ErrorKind::bad_input, "where");
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
