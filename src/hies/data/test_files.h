#pragma once

#include <string>
#include <string_view>

#include "hies/base/test_files.h"

namespace hies::data {

// Message and hint of `error`, which must be of `kind` and one line each, hold `wanted`.
inline void expect_error(const Error& error, ErrorKind kind, std::string_view wanted) {
  const std::string whole = std::string(error.what()) + " | " + error.hint();
  EXPECT_EQ(error.kind(), kind) << whole;
  EXPECT_NE(whole.find(wanted), std::string::npos) << whole << "\nlacks: " << wanted;
  EXPECT_EQ(whole.find('\n'), std::string::npos) << whole;
}

}  // namespace hies::data
