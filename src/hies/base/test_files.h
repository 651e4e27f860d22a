#pragma once

// For the tests of every room: a folder of their own, errors as values, and the examples that docs/formats.md gives.

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "hies/base/error.h"
#include "hies/base/files.h"

namespace hies {

// A new empty folder, removed with it.
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
  // A new empty folder in it.
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

// The error that `action` throws; a failure, and an empty internal error, when it throws none.
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

// The first JSON block of the section "## `title`" of docs/formats.md.
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
