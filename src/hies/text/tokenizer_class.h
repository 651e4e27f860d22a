#pragma once

#include <string>
#include <string_view>

#include "hies/base/json.h"

namespace hies::text {

// The tokenizer classes of transformers 5 that differ here: each builds a tokenizer of its own around the vocabulary, with its own
// options and default special tokens. `other` takes tokenizer.json as it stands (PreTrainedTokenizerFast, classes unknown here).
enum class TokenizerClass { bert, roberta, gpt2, llama, code_llama, qwen2, other };

// What the choice of a class depends on.
struct ClassFacts {
  std::string_view model_type;       // of config.json
  std::string tokenizer_class;       // that tokenizer_config.json names, else config.json; empty if neither does
  bool byte_level_document = false;  // tokenizer.json is there and has "ByteLevel"
};

// Returns the class that AutoTokenizer of transformers 5 takes: the named one, else that of the model type, with its exceptions.
TokenizerClass tokenizer_class(const ClassFacts& facts);

// Returns true for the name of a class of transformers 5 that builds its tokenizer, too, but is not known here, so that a
// tokenizer.json is read as it stands and the class's options are not applied.
bool is_unread_class(std::string_view name);

// Returns the special token that the class has by default for a role ("cls_token"); empty if none.
std::string_view default_special_token(TokenizerClass kind, std::string_view role);

}  // namespace hies::text
