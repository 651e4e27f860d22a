#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace hies {

// A file to which whole lines are appended. The process may be killed at any moment: an incomplete last line is cut off when the
// file is opened again.
class Journal {
 public:
  // Creates the file where there is none. Throws io.
  explicit Journal(std::filesystem::path file);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  const std::filesystem::path& file() const noexcept { return file_; }
  // Returns the lines that were there when it was opened.
  const std::vector<std::string>& lines() const noexcept { return lines_; }

  // Returns how many lines are in the file now.
  std::int64_t count() const noexcept { return count_; }

  // Appends the lines and returns when they are on the disk. Throws io; the file is then as before.
  void append(const std::vector<std::string>& lines);

 private:
  std::filesystem::path file_;
  std::vector<std::string> lines_;
  int descriptor_ = -1;
  std::int64_t count_ = 0;
  std::int64_t size_ = 0;  // bytes of the whole lines
};

}  // namespace hies
