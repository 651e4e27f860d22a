#pragma once

// Helpers for tests of all rooms: temporary folders, errors as values, and the examples in docs/formats.md.

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "hies/base/error.h"
#include "hies/base/files.h"

namespace hies {

// A new empty folder that is removed by the destructor.
class TestFolder {
 public:
  TestFolder() {
    static int count = 0;
    path_ = std::filesystem::path(testing::TempDir()) / fmt::format("hies-test-{}-{}", ::getpid(), count++);
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  const std::filesystem::path& path() const noexcept { return path_; }
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }
  // Returns a new empty folder in it.
  std::filesystem::path folder(std::string_view name) const {
    std::filesystem::create_directories(path_ / name);
    return path_ / name;
  }
  std::filesystem::path write(std::string_view name, std::string_view content) const {
    std::ofstream(path_ / name, std::ios::binary) << content;
    return path_ / name;
  }

 private:
  std::filesystem::path path_;
};

// Returns the error that `action` throws. If it throws none, the test fails, and the result is an internal error without text.
template <class Action>
Error error_of(Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return Error(ErrorKind::internal, "");
}

// Returns the first JSON block of the section "## `title`" of docs/formats.md.
inline std::string documented_example(std::string_view title) {
  constexpr std::string_view kFence = "```json\n";
  const std::string page = read_file(HIES_SOURCE_DIR "/docs/formats.md");
  const std::size_t section = page.find(fmt::format("\n## {}", title));
  const std::size_t begin = section == std::string::npos ? section : page.find(kFence, section);
  if (begin == std::string::npos) {
    ADD_FAILURE() << "docs/formats.md gives no example of " << title;
    return "{}";
  }
  const std::size_t from = begin + kFence.size();
  return page.substr(from, page.find("```", from) - from);
}

}  // namespace hies
