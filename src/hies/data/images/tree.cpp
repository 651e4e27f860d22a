#include "hies/data/images/tree.h"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/ranges.h>

#include "hies/base/error.h"
#include "hies/base/hidden_names.h"
#include "hies/data/data_files.h"

namespace hies::data {
namespace {

// The length of the folders, with their '/', that all paths begin with.
std::size_t common_folders(const std::vector<std::string>& paths) {
  std::size_t length = paths.front().rfind('/') + 1;  // 0 where there is none
  for (const std::string& path : paths) {
    const auto differ = std::mismatch(path.begin(), path.end(), paths.front().begin(), paths.front().end()).first;
    const auto same = std::min(length, static_cast<std::size_t>(differ - path.begin()));
    length = same == 0 ? 0 : path.rfind('/', same - 1) + 1;
  }
  return length;
}

std::string first_folder(std::string_view path) {
  const std::size_t end = path.find('/');
  return std::string(end == std::string_view::npos ? std::string_view() : path.substr(0, end));
}

void refuse_empty_classes(const Tree& tree, std::string_view common, const std::set<std::string>& classes,
                          const std::filesystem::path& where) {
  for (const std::string& folder : tree.folders) {
    if (!folder.starts_with(common) || folder.size() <= common.size()) continue;
    const std::string rest = folder.substr(common.size());
    if (rest.find('/') != std::string::npos || classes.contains(rest)) continue;
    throw Error(ErrorKind::bad_input, fmt::format("{}: the class folder '{}' has no images", where.string(), printable(folder)),
                "remove it, or put its images there");
  }
}

}  // namespace

bool is_image_name(const std::string& path) {
  constexpr std::array kEndings = {".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm"};
  return std::find(kEndings.begin(), kEndings.end(), lower_extension(path)) != kEndings.end();
}

void fill_from_tree(Tree tree, std::size_t given, const std::filesystem::path& where, ImageSource& source) {
  const auto is_hidden = [&](const std::string& path) {
    return has_hidden_part(std::string_view(path).substr(std::min(given, path.size())));
  };
  std::erase_if(tree.files, is_hidden);
  std::erase_if(tree.folders, is_hidden);
  std::copy_if(tree.files.begin(), tree.files.end(), std::back_inserter(source.names), is_image_name);
  if (source.names.empty())
    throw Error(ErrorKind::bad_input, fmt::format("{} holds no images", where.string()),
                "images are files named .jpg, .jpeg or .png, in a folder for each class or all in one");
  std::sort(source.names.begin(), source.names.end());
  std::size_t common = common_folders(source.names);
  // A single folder that holds all images is a class where it has a sister that holds none.
  const std::string prefix = source.names.front().substr(0, common);
  std::set<std::string> classes;
  for (const std::string& name : source.names) classes.insert(first_folder(std::string_view(name).substr(common)));
  if (classes == std::set<std::string>{""}) {
    const std::size_t above = common < 2 ? 0 : prefix.rfind('/', common - 2) + 1;
    const bool has_sisters = std::any_of(tree.folders.begin(), tree.folders.end(), [&](const std::string& folder) {
      return common > 0 && folder.starts_with(prefix.substr(0, above)) && folder.size() > above &&
             folder.find('/', above) == std::string::npos && folder + '/' != prefix;
    });
    if (has_sisters) refuse_empty_classes(tree, prefix.substr(0, above), {prefix.substr(above, common - above - 1)}, where);
    return;
  }
  if (classes.contains("")) {
    classes.erase("");
    throw Error(ErrorKind::bad_input,
                fmt::format("{}: images lie beside class folders ({})", where.string(),
                            printable(fmt::format("{}", fmt::join(classes, ", ")))),
                "put each image into the folder of its class, or all into one folder");
  }
  refuse_empty_classes(tree, prefix, classes, where);
  for (const std::string& name : source.names) source.labels.emplace_back(first_folder(std::string_view(name).substr(common)));
  source.class_folders.assign(classes.begin(), classes.end());
  source.class_root = common == 0 ? where : where / prefix.substr(0, common - 1);
}

}  // namespace hies::data
