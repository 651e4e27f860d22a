#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace hies {

// Whether something, or a folder, stands at `path`; links are followed. Throws io where that cannot be told: a name that is too long,
// a folder that may not be entered.
bool is_there(const std::filesystem::path& path);
bool is_folder(const std::filesystem::path& path);

// A file mapped read-only. Throws io when it is missing, unreadable or not a regular file.
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
  // Says that a part of bytes() will not be needed soon: its memory may be given back until it is read again.
  void set_aside(std::span<const std::byte> part) const noexcept;
  // Says that a part of bytes() is needed soon: it begins to be read.
  void read_ahead(std::span<const std::byte> part) const noexcept;

 private:
  std::filesystem::path path_;
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

// The whole file. Throws io when it is missing or unreadable.
std::string read_file(const std::filesystem::path& path);

// A file that appears whole or not at all: written beside its place under a temporary name, renamed by commit().
// Destroyed without commit() it leaves nothing behind and the old file, if any, intact. Every failure (full disk included) throws io.
class AtomicFile {
 public:
  // `force`: an existing file may be replaced; otherwise it is bad_input, with the hint to use --force. A folder or a device never is.
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
  std::int64_t written_ = 0, begun_ = 0;  // bytes; of them, sent on their way to the disk
};

void write_file(const std::filesystem::path& path, std::string_view text, bool force);

// Throws bad_input when `path` exists and not `force`; io when its parent is missing or not writable. For early refusal, before long work.
void check_writable(const std::filesystem::path& path, bool force);

// A directory that appears whole or not at all: fill folder(), then commit(). With `force` an existing directory is replaced at
// commit(), and is intact until then. Refuses (bad_input) to replace a directory that is not one of ours to replace: `force` replaces
// only an empty folder, or one that holds a config.json and a .safetensors file.
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

// Removes what unfinished AtomicFile and AtomicDirectory objects have on disk; safe to call from a handler that is about to exit.
void remove_unfinished_outputs() noexcept;

}  // namespace hies
