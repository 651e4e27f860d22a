#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "hies/base/json.h"

namespace hies::text {

// The tokenizer's class, as far as it matters here: each sets its own options and default special tokens.
enum class TokenizerClass { bert, roberta, gpt2, llama, qwen2, other };

// tokenizer_config.json (an empty object where absent) with special_tokens_map.json, as transformers merges them: the map wins
// unless the configuration lists its added tokens itself.
Json read_tokenizer_config(const std::filesystem::path& dir);

// From `tokenizer_class` of the configuration, else from the model's type.
TokenizerClass tokenizer_class(const Json& config, std::string_view model_type, std::string_view where);

// The content of the special token `role` ("cls_token"), the class's default where the configuration names none; empty for none.
std::string special_token(const Json& config, TokenizerClass kind, std::string_view role, std::string_view where);

// The tokens that transformers matches in the text before anything else, in the order in which it adds them; entries as in the
// "added_tokens" of rust/include/hies_tokenizer.h. Defaults that the checkpoint does not name are marked only_if_known: otherwise
// they would get ids that the model has no embedding for.
Json added_tokens(const Json& config, TokenizerClass kind, std::string_view where);

}  // namespace hies::text
