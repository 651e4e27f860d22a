#pragma once

#include <string>
#include <vector>

#include "hies/data/images/test_images.h"
#include "hies/data/test_files.h"

namespace hies::data {

// A small set of images of three classes, which tests write in every form.
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

}  // namespace hies::data
