#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "hies/data/images/source.h"

namespace hies::data {

// What lies in a folder or an archive, by paths with '/' between folders.
struct Tree {
  std::vector<std::string> files;
  std::vector<std::string> folders;
};

// Whether it is looked at as an image: by the ending of its name.
bool is_image_name(const std::string& path);

// Names and labels of the images of a tree, sorted. What has a hidden name (base/hidden_names.h), or is in a folder that has one, is
// ignored; the first `given` bytes of each path, which the user wrote, may be hidden. The class is the first folder on the way to an
// image, as torchvision's ImageFolder has it; folders that all have in common come before it, and are passed over. Images that lie in
// no folder of their own have no labels. Throws bad_input for no images, images beside class folders, and a class folder without
// images.
void fill_from_tree(Tree tree, std::size_t given, const std::filesystem::path& where, ImageSource& source);

}  // namespace hies::data
