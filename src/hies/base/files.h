#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace hies {

// Return true if `path` exists, or is a folder; links are followed. Throw io if that cannot be determined: the name is too long,
// or a folder on the way must not be read.
bool is_there(const std::filesystem::path& path);
bool is_folder(const std::filesystem::path& path);

// A file mapped read-only. The constructor throws io if it is missing, unreadable or not a regular file.
class MappedFile {
 public:
  explicit MappedFile(std::filesystem::path path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const std::filesystem::path& path() const noexcept { return path_; }
  std::span<const std::byte> bytes() const noexcept { return {data_, size_}; }
  // Advises the system that a part of bytes() is not needed soon: its memory may be freed until it is read again.
  void set_aside(std::span<const std::byte> part) const noexcept;
  // Advises the system that a part of bytes() is needed soon, so that it is prefetched.
  void read_ahead(std::span<const std::byte> part) const noexcept;

 private:
  std::filesystem::path path_;
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

// Returns the content of a file. Throws io if it is missing or unreadable.
std::string read_file(const std::filesystem::path& path);

// A file that appears complete or not at all: it is written to the same folder under a temporary name, and renamed by commit().
// Destroyed without commit(), it leaves no file behind, and an old file unchanged. Every failure, such as a full disk, throws io.
class AtomicFile {
 public:
  // With `force` an existing file is replaced; without it an existing file is bad_input, with the hint to use --force. A folder
  // or a device is never replaced.
  AtomicFile(std::filesystem::path path, bool force);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::span<const std::byte> bytes);
  void write(std::string_view text) { write(std::as_bytes(std::span(text.data(), text.size()))); }
  void commit();

 private:
  std::filesystem::path path_, temporary_;
  int descriptor_ = -1;
  std::int64_t written_ = 0, flushed_ = 0;  // bytes written, and those of them whose writing to the disk has been started
};

// Writes a whole file as an AtomicFile.
void write_file(const std::filesystem::path& path, std::string_view text, bool force);

// Throws bad_input if `path` exists and not `force`, and io if its parent is missing or not writable. For checks before long
// work.
void check_writable(const std::filesystem::path& path, bool force);

// A directory that appears complete or not at all: fill folder(), then commit(). With `force` an existing directory is replaced
// at commit(), and is unchanged until then. Only an empty directory, or one with a config.json and a .safetensors file or an .onnx file
// in its folder onnx, is replaced; the constructor throws bad_input for others.
class AtomicDirectory {
 public:
  AtomicDirectory(const std::filesystem::path& path, bool force);
  ~AtomicDirectory();
  AtomicDirectory(const AtomicDirectory&) = delete;
  AtomicDirectory& operator=(const AtomicDirectory&) = delete;

  const std::filesystem::path& folder() const noexcept { return temporary_; }
  void commit();

 private:
  std::filesystem::path path_, temporary_;
};

// Removes the temporary files of AtomicFile and AtomicDirectory objects that are not committed. Safe to call from a handler that
// is about to exit.
void remove_unfinished_outputs() noexcept;

}  // namespace hies
