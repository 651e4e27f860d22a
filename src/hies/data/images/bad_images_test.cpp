// Images and folders that are not as they should be.

#include "hies/data/images/archive.h"
#include "hies/data/images/test_images.h"
#include "hies/data/test_files.h"

namespace hies::data {
namespace {

class BadImages : public testing::Test {
 protected:
  const std::string good = image_file("rgb.png");
  TestFolder folder;

  std::filesystem::path set(const std::vector<std::pair<std::string, std::string>>& files,
                            const std::string& name = "set") const {
    for (const auto& [path, content] : files) {
      folder.folder((std::filesystem::path(name) / path).parent_path().string());
      folder.write(fmt::format("{}/{}", name, path), content);
    }
    return folder / name;
  }
  void refused(const std::filesystem::path& path, std::string_view wanted, const LoadOptions& options = in_order()) const {
    expect_error(error_of([&] { pixels_of(load(path, options)); }), ErrorKind::bad_input, wanted);
  }
};

TEST_F(BadImages, BrokenOnesAreNamed) {
  refused(set({{"cat/1.png", good}, {"dog/2.png", good.substr(0, 90)}}, "cut"), "dog/2.png: the PNG file is corrupt or cut off");
  refused(set({{"cat/1.jpg", image_file("rgb.jpg").substr(0, 500)}, {"dog/2.png", good}}, "jpg"), "cat/1.jpg: ");
  refused(set({{"cat/1.jpg", "just text"}, {"dog/2.png", good}}, "text"), "cat/1.jpg: not a JPEG or PNG file");
}

TEST_F(BadImages, SkippedOnlyWhenAsked) {
  const auto path = set({{"cat/1.png", good}, {"cat/2.jpg", "text"}, {"dog/3.png", good}, {"dog/4.png", ""}});
  LoadOptions options = in_order();
  options.skip_bad = true;
  Warnings warnings;
  const Dataset dataset = load(path, options, image_spec(), warnings);
  EXPECT_EQ(labels_of(dataset), (std::vector<double>{0, 1}));
  ASSERT_EQ(warnings.lines.size(), 1u);
  EXPECT_NE(warnings.lines[0].find("2 of 4 images are left out"), std::string::npos) << warnings.lines[0];
  EXPECT_NO_THROW(pixels_of(dataset));
  for (const int threads : {0, 1, 7}) {  // 0: one per core
    const Dataset same = load(path, options, image_spec(), silent_progress(), threads);
    EXPECT_EQ(labels_of(same), labels_of(dataset)) << threads;
    EXPECT_EQ(pixels_of(same), pixels_of(dataset)) << threads;
  }
  refused(set({{"cat/1.png", "x"}, {"dog/1.png", "x"}}, "all-bad"), "none of 2 images can be read", options);
}

TEST_F(BadImages, TooLargeOnes) {
  LoadOptions options = in_order();
  options.most_pixels = 300;  // 21 × 16 has 336
  refused(set({{"cat/1.png", good}, {"dog/1.png", good}}), "at most 300", options);
  options.most_pixels = 0;
  refused(folder / "set", "`most_pixels` is 0", options);
}

// A few bytes can stand for as many as there is memory for.
TEST_F(BadImages, UnpackedOnesAreLimited) {
  const auto tar = folder.write("a.tar", tar_of({{"cat/1.png", std::string(1000, 'x')}}));
  const auto read = [&](std::size_t most) {
    visit_archive(
        tar, [](const ArchiveEntry& entry) { entry.read(); }, most);
  };
  EXPECT_NO_THROW(read(1000));
  expect_error(error_of([&] { read(999); }), ErrorKind::bad_input, "a file in it has more than 999 bytes when it is unpacked");
  EXPECT_EQ(read_uncompressed(tar, 4096).size(), std::filesystem::file_size(tar));
  expect_error(error_of([&] { read_uncompressed(tar, 100); }), ErrorKind::bad_input, "more than 100 bytes");
  EXPECT_NO_THROW(check_unpacked(tar, std::size_t{1} << 30));
  EXPECT_NO_THROW(check_unpacked(tar, 2000 * 16, 10));
  expect_error(error_of([&] { check_unpacked(tar, std::size_t{1} << 20, 10); }), ErrorKind::bad_input,
               "more than 16 times its bytes");
}

TEST_F(BadImages, OnePixelIsEnough) {
  EXPECT_NO_THROW(pixels_of(load(set({{"cat/1.png", image_file("one.png")}, {"dog/1.png", good}}))));
}

TEST_F(BadImages, Folders) {
  refused(folder.folder("empty"), "holds no images");
  const auto path = set({{"cat/1.png", good}, {"dog/1.png", good}});
  folder.folder("set/tree frog");
  refused(path, "the class folder 'tree frog' has no images");
  refused(set({{"cat/1.png", good}, {"2.png", good}}, "beside"), "images lie beside class folders (cat)");
  refused(set({{"cat/1.png", good}, {"wolf/1.png", good}}, "classes"),
          "(cat, wolf) are not the model's labels (cat, dog, tree frog)");
  expect_error(error_of([&] { load(folder / "nothing"); }), ErrorKind::io, "does not exist");
  expect_error(error_of([&] { load(folder.write("a.xls", "")); }), ErrorKind::bad_input, "a.xls");
}

TEST_F(BadImages, SplitsAreNoClasses) {
  const auto path =
      set({{"data/train/cat/1.png", good}, {"data/train/dog/1.png", good}, {"data/test/cat/1.png", good}}, "splits");
  refused(path, "splits/data: the folders test, train are splits of a data set, not classes | give one of them: " +
                    (path / "data/test").string());
  EXPECT_EQ(labels_of(load(path / "data/train")), (std::vector<double>{0, 1}));
  const auto tar = folder.write("s.tar", tar_of({{"train/cat/1.png", good}, {"test/cat/1.png", good}, {"val/cat/1.png", good}}));
  refused(tar, "s.tar: the folders test, train, val are splits");
}

TEST_F(BadImages, ForeignFolderNamesGoByTheirOrder) {
  Warnings warnings;
  const auto path = set({{"n1/1.png", good}, {"n2/1.png", good}, {"n3/1.png", good}});
  EXPECT_EQ(labels_of(load(path, in_order(), image_spec(), warnings)), (std::vector<double>{0, 1, 2}));
  ASSERT_EQ(warnings.lines.size(), 1u);
  EXPECT_NE(warnings.lines[0].find("taken in this order"), std::string::npos);
}

TEST_F(BadImages, WithoutLabels) {
  const auto path = set({{"1.png", good}, {"2.png", good}});
  refused(path, "the images have no labels");
  LoadOptions options = in_order();
  options.labels = LabelNeed::if_readable;
  EXPECT_FALSE(load(path, options).has_labels);
}

TEST_F(BadImages, Tars) {
  const auto tar = [&](const std::vector<Member>& members) { return folder.write("a.tar", tar_of(members)); };
  refused(tar({{"../cat/1.png", good}}), "leaves the archive");
  refused(tar({{"/cat/1.png", good}}), "leaves the archive");
  refused(tar({{"cat/1.png", good}, {"dog/1.png", "cat/1.png", '2'}}), "'dog/1.png' is a link");
  refused(tar({{"cat/1.png", good}, {"dog/1.png", "cat/1.png", '1'}}), "'dog/1.png' is a link");
  refused(tar({{"set/cat/1.png", good}, {"set/dog/1.png", good}, {"set/tree frog/", "", '5'}}), "'set/tree frog' has no images");
  refused(tar({}), "holds no images");
  refused(folder.write("b.tar.gz", "no archive at all"), "b.tar.gz: not a readable archive");
  refused(folder.write("c.tar", tar_of({{"cat/1.png", good}, {"dog/1.png", good}}).substr(0, 700)),
          "c.tar: not a readable archive");
  EXPECT_TRUE(std::filesystem::is_empty(folder.folder("nothing-written")));
}

TEST_F(BadImages, ModelsThatDoNotFit) {
  const auto path = set({{"cat/1.png", good}, {"dog/1.png", good}});
  const auto with = [&](const image::Processor& processor) {
    return error_of([&] {
      pixels_of(load_images(path, task("image-classification"), in_order(), image_spec(), processor, 1, silent_progress()));
    });
  };
  expect_error(with(image::usual_processor("vit", {16, 16})), ErrorKind::bad_input, "16×16 pixels, but the model reads 12×12");
  image::Processor none;
  none.do_resize = false;
  expect_error(with(none), ErrorKind::bad_input, "has 16×21 pixels");
  image::Processor shortest;
  shortest.shortest_edge = 12;
  expect_error(with(shortest), ErrorKind::unsupported, "shortest edge");
  model::ModelSpec text;
  text.labels = {"a", "b"};
  expect_error(error_of([&] { load(path, in_order(), text); }), ErrorKind::bad_input, "about images, but the model reads texts");
}

}  // namespace
}  // namespace hies::data
