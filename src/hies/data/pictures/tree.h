#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "hies/data/pictures/source.h"

namespace hies::data {

// What lies in a folder or an archive, by paths with '/' between folders.
struct Tree {
  std::vector<std::string> files;
  std::vector<std::string> folders;
};

// Whether it is looked at as a picture: by the ending of its name. Hidden files are not.
bool is_picture_name(const std::string& path);

// Names and labels of the pictures of a tree, sorted. The class is the first folder on the way to a picture, as torchvision's
// ImageFolder has it; folders that all have in common come before it, and are passed over. Pictures that lie in no folder of their own
// have no labels. Throws bad_input for no pictures, pictures beside class folders, and a class folder without pictures.
void fill_from_tree(const Tree& tree, const std::filesystem::path& where, PictureSource& source);

}  // namespace hies::data
