#pragma once

#include <filesystem>
#include <functional>
#include <string>

namespace hies::data {

// A tar file, compressed or not, read from its beginning to its end. Nothing of it is written to the disk.
struct ArchiveEntry {
  std::string path;  // without "./" and a '/' at its end
  bool is_folder = false;
  std::function<std::string()> read;  // the whole file; while it is visited
};
// Throws bad_input for what is no tar file or is damaged, for links and devices, and for paths that leave the archive.
void visit_archive(const std::filesystem::path& file, const std::function<void(const ArchiveEntry&)>& visit);

// A file, uncompressed where it is compressed.
std::string read_uncompressed(const std::filesystem::path& file);

}  // namespace hies::data
