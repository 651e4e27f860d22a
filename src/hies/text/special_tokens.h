#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "hies/base/json.h"

namespace hies::text {

// The tokenizer classes of transformers that differ here: each has its own options and default special tokens.
enum class TokenizerClass { bert, roberta, gpt2, llama, qwen2, other };

// Returns tokenizer_config.json (an empty object if absent) merged with special_tokens_map.json like in transformers: the map
// takes precedence unless the configuration has added_tokens_decoder.
Json read_tokenizer_config(const std::filesystem::path& dir);

// Returns the class that `tokenizer_class` of the configuration names, else that of the model type.
TokenizerClass tokenizer_class(const Json& config, std::string_view model_type, std::string_view where);

// Returns the content of the special token `role` ("cls_token"), by default that of the class; empty if it has none.
std::string special_token(const Json& config, TokenizerClass kind, std::string_view role, std::string_view where);

// Returns the tokens that transformers matches in a text before anything else, in the order in which it adds them. Entries are
// those of "added_tokens" in rust/include/hies_tokenizer.h. Defaults that the checkpoint does not name are marked only_if_known,
// because new tokens would have ids for which the model has no embedding.
Json added_tokens(const Json& config, TokenizerClass kind, std::string_view where);

}  // namespace hies::text
