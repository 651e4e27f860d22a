#pragma once

// For this room's tests: files in a folder of their own, and errors as values.

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "hies/base/error.h"

namespace hies::data {

class TestFolder {
 public:
  TestFolder() {
    static int count = 0;
    path_ =
        std::filesystem::temp_directory_path() / ("hies-data-test-" + std::to_string(getpid()) + "-" + std::to_string(count++));
    std::filesystem::create_directories(path_);
  }
  ~TestFolder() { std::filesystem::remove_all(path_); }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }
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

// Message and hint of `error`, which must be of `kind` and one line each, hold `wanted`.
inline void expect_error(const Error& error, ErrorKind kind, std::string_view wanted) {
  const std::string whole = std::string(error.what()) + " | " + error.hint();
  EXPECT_EQ(error.kind(), kind) << whole;
  EXPECT_NE(whole.find(wanted), std::string::npos) << whole << "\nlacks: " << wanted;
  EXPECT_EQ(whole.find('\n'), std::string::npos) << whole;
}

}  // namespace hies::data
