#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hies/base/json.h"

namespace hies::text {

// A checkpoint's tokenizer files, brought into the one form that the tokenizers crate reads.
struct Source {
  std::string name;      // the file(s) it comes from, for messages
  std::string document;  // a tokenizer.json
  Json overrides;        // see rust/include/hies_tokenizer.h
  std::optional<std::int64_t> model_max_length;
  std::vector<std::string> prefixes;  // tokens that may stand before a text (Tokenizer::prefix), the best first
};

// Errors as Tokenizer::load, but a document that comes from tokenizer.json is not checked here.
Source read_source(const std::filesystem::path& dir, std::string_view model_type);

}  // namespace hies::text
