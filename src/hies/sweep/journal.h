#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace hies::sweep {

// A file of lines that grows by whole lines and survives being killed at any moment: what is torn at its end is recognised and cut
// off when it is opened again.
class Journal {
 public:
  // Creates the file where there is none. Throws io.
  explicit Journal(std::filesystem::path file);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  const std::filesystem::path& file() const noexcept { return file_; }
  // What was there when it was opened.
  const std::vector<std::string>& lines() const noexcept { return lines_; }

  // Lines that are in the file now.
  std::int64_t count() const noexcept { return count_; }

  // Writes the lines behind the others, and returns when they are on the disk. Throws io; the file then ends where it ended before.
  void append(const std::vector<std::string>& lines);

 private:
  std::filesystem::path file_;
  std::vector<std::string> lines_;
  int descriptor_ = -1;
  std::int64_t count_ = 0;
  std::int64_t size_ = 0;  // bytes of the whole lines
};

}  // namespace hies::sweep
