#pragma once

#include <filesystem>

#include "hies/base/json.h"
#include "hies/model/spec.h"

namespace hies::arch {

// Throw an error that says what a directory holds in place of what is missing (an adapter alone, weights of other formats), with a hint
// how to make a checkpoint of it. io for links to files that do not exist.

// For a directory without config.json: bad_input, or unsupported for an adapter. The hint names a checkpoint inside the directory.
[[noreturn]] void refuse_without_config(const std::filesystem::path& folder);
// For a directory with a config.json and no weights that TensorStore reads: unsupported, or bad_input where there are none at all.
[[noreturn]] void refuse_without_weights(const std::filesystem::path& folder, const Json& config);

}  // namespace hies::arch
