#pragma once

#include <filesystem>
#include <string>

#include "hies/base/files.h"
#include "hies/base/json.h"

namespace hies::text {

// Returns the content of a file of a tokenizer, without the byte order mark that some editors put before it. Throws bad_input if it
// is a Git LFS pointer, and as read_file.
std::string read_token_file(const std::filesystem::path& path);

// The same, parsed. Throws as parse_json, too.
Json read_token_json(const std::filesystem::path& path);

}  // namespace hies::text
