#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hies/base/json.h"

namespace hies::text {

// The tokenizer files of a checkpoint, converted to the one form that the tokenizers crate reads.
struct Source {
  std::string name;      // the files it was read from, for messages
  std::string document;  // the content of a tokenizer.json
  Json overrides;        // see rust/include/hies_tokenizer.h
  std::optional<std::int64_t> model_max_length;
  std::vector<std::string> warnings;  // one line for each option that is not applied
  std::vector<std::string> prefixes;  // candidates for Tokenizer::prefix, in order of preference
};

// Reads the tokenizer files of a directory. Throws as Tokenizer::load, but does not check the content of tokenizer.json.
Source read_source(const std::filesystem::path& dir, std::string_view model_type);

}  // namespace hies::text
