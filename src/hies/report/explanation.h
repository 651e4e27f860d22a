#pragma once

#include <filesystem>

#include "hies/base/json.h"

namespace hies::report {

// The explain.json of a directory of `hies explain`, checked.
struct Explanation {
  std::filesystem::path folder;
  Json document;
};

// Returns whether the folder is one of `hies explain`.
bool is_explanation(const std::filesystem::path& folder);

// Throws bad_input that names the file and the member, unsupported for another version; io.
Explanation read_explanation(const std::filesystem::path& folder);

}  // namespace hies::report
