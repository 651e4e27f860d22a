#pragma once

#include <filesystem>
#include <functional>
#include <string>

namespace hies::data {

// The most bytes of one file that is unpacked into memory: a gigabyte of zeros is compressed to a megabyte, and that to nothing.
inline constexpr std::size_t kMostUnpackedBytes = std::size_t{1} << 30;

// A tar file, compressed or not, read from its beginning to its end. Nothing of it is written to the disk.
struct ArchiveEntry {
  std::string path;  // without "./" and a '/' at its end
  bool is_folder = false;
  std::function<std::string()> read;  // the whole file; while it is visited
};
// Throws bad_input for what is no tar file or is damaged, for links and devices, for paths that leave the archive, and, where it is read,
// for a file of more than `most_bytes`.
void visit_archive(const std::filesystem::path& file, const std::function<void(const ArchiveEntry&)>& visit,
                   std::size_t most_bytes = kMostUnpackedBytes);

// A file, uncompressed where it is compressed. Throws bad_input for a damaged one, and for more than `most_bytes`.
std::string read_uncompressed(const std::filesystem::path& file, std::size_t most_bytes = kMostUnpackedBytes);

// Throws bad_input if images of so many bytes cannot be those of an archive of its size: images are compressed already. Up to `usual`
// bytes it does not ask.
void check_unpacked(const std::filesystem::path& file, std::size_t bytes, std::size_t usual = kMostUnpackedBytes);

}  // namespace hies::data
