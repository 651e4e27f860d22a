#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hies/base/json.h"
#include "hies/text/tokenizer_class.h"

namespace hies::text {

// Returns tokenizer_config.json (an empty object if absent) merged with special_tokens_map.json like in transformers 5: the map's
// roles take precedence, and it is not read if the configuration has added_tokens_decoder. Lists of further special tokens are in
// "extra_special_tokens", objects of them in "model_specific_special_tokens". Throws bad_input for files of another form.
Json read_tokenizer_config(const std::filesystem::path& dir);

// Returns the content of the special token `role` ("cls_token"), by default that of the class; empty if it has none.
std::string special_token(const Json& config, TokenizerClass kind, std::string_view role, std::string_view where);

// The tokens that transformers matches in a text before anything else.
struct AddedTokens {
  Json list = Json::array();  // those that a configuration names, in the order in which they are added. Entries are those of
                              // "added_tokens" in rust/include/hies_tokenizer.h. Defaults that no file names are marked
                              // only_if_known: new tokens would have ids for which the model has no embedding.
  std::optional<std::size_t> decoder;  // how many of them are of added_tokens_decoder; nothing if the configuration has none
  Json numbered = Json::array();       // of added_tokens.json: {"id", "content", "special"}
  std::vector<std::string> special;    // contents of those that have a role or a name
};

// Reads them from the configuration (of read_tokenizer_config) and added_tokens.json. Throws bad_input for entries of another form.
// `has_document`: there is a tokenizer.json.
AddedTokens added_tokens(const std::filesystem::path& dir, const Json& config, TokenizerClass kind, std::string_view where,
                         bool has_document);

}  // namespace hies::text
