#include "hies/data/images/source.h"

#include <map>
#include <optional>

#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/base/lfs_pointer.h"
#include "hies/data/data_files.h"
#include "hies/data/images/archive.h"
#include "hies/data/images/kinds.h"
#include "hies/image/decode.h"

namespace hies::data {
namespace {
namespace fs = std::filesystem;

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

bool is_archive_name(const fs::path& path) {
  const std::string name = lower(path.filename().string());
  return name.ends_with(".tar") || name.ends_with(".tgz") || name.find(".tar.") != std::string::npos;
}

// The archive that a path goes through, and what is left of the path.
std::optional<std::pair<fs::path, std::string>> inside_archive(const fs::path& path) {
  for (fs::path above = path.parent_path(); !above.empty() && above != above.parent_path(); above = above.parent_path())
    if (is_archive_name(above) && is_there(above) && !is_folder(above))
      return std::pair(above, path.lexically_relative(above).generic_string());
  return std::nullopt;
}

// A CIFAR file that lies in an archive, as it is distributed.
ImageSourcePtr open_cifar_in(const fs::path& archive, const std::string& part, std::size_t classes) {
  std::optional<std::string> content;
  std::map<std::string, std::string> texts;
  const std::string folder = fs::path(part).parent_path().generic_string();
  visit_archive(archive, [&](const ArchiveEntry& entry) {
    if (entry.is_folder) return;
    if (entry.path == part) content = entry.read();
    else if (entry.path.ends_with(".txt") && fs::path(entry.path).parent_path().generic_string() == folder)
      texts[fs::path(entry.path).filename().string()] = entry.read();
  });
  if (!content) bad_input("{} holds no file '{}'", archive.string(), printable(part));
  const auto names = texts.find(cifar_names_file(content->size()));
  return open_cifar(archive / part, std::move(*content), classes,
                    names == texts.end() ? std::nullopt : std::optional(names->second));
}

ImageSourcePtr open_cifar_file(const fs::path& file, std::size_t classes) {
  std::string content = read_file(file);
  const fs::path names = file.parent_path() / cifar_names_file(content.size());
  const auto text = is_there(names) ? std::optional(read_file(names)) : std::nullopt;
  return open_cifar(file, std::move(content), classes, text);
}

}  // namespace

image::Image ImageSource::decode(std::int64_t index, int channels, std::int64_t most_pixels) const {
  const std::string file = bytes(index);
  refuse_lfs_pointer(file, names[static_cast<std::size_t>(index)]);
  return image::decode(std::as_bytes(std::span(file)), channels, most_pixels, names[static_cast<std::size_t>(index)]);
}

ImageSourcePtr open_images(const fs::path& path, const Task& task, const LoadOptions& options, std::size_t classes) {
  if (const auto inside = inside_archive(path)) {
    if (lower_extension(path) == ".bin") return open_cifar_in(inside->first, inside->second, classes);
    return open_archive(inside->first, inside->second);
  }
  if (const std::vector<fs::path> files = image_shards(path); !files.empty()) return open_shards(files, task, options, classes);
  if (!is_there(path)) {
    if (!find_data_files(path).members.empty()) return open_list(path, task, options);
    io_error("{} does not exist", path.string());
  }
  if (is_folder(path)) return open_folder(path);
  const MappedFile file(path);
  refuse_lfs_pointer({reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()}, path.string());
  if (is_archive_name(path)) return open_archive(path, "");
  const std::string ending = lower_extension(path);
  if (is_idx_name(path.filename().string())) return open_idx(path);
  if (ending == ".bin") return open_cifar_file(path, classes);
  if (ending == ".parquet") return open_parquet_images(path, task, options);
  if (ending == ".csv" || ending == ".tsv" || ending == ".jsonl" || ending == ".json") return open_list(path, task, options);
  throw Error(
      ErrorKind::bad_input, fmt::format("{}: images are not read from a file of this name", path.string()),
      "give a folder, a .tar or .tar.gz, a .csv, .tsv, .jsonl or .json of paths, a .parquet, an IDX file (…-idx3-ubyte), or a "
      "CIFAR .bin");
}

}  // namespace hies::data
