#pragma once

#include <filesystem>

#include "hies/base/json.h"

namespace hies::report {

// What `hies explain` has written into a directory, checked.
struct Explanation {
  std::filesystem::path folder;
  Json document;
};

// Whether the folder is one of `hies explain`.
bool is_explanation(const std::filesystem::path& folder);

// Throws bad_input that names the file and the member, unsupported for another version; io.
Explanation read_explanation(const std::filesystem::path& folder);

}  // namespace hies::report
