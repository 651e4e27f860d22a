#pragma once

#include <string>
#include <string_view>

#include "hies/base/json.h"

namespace hies::exports {

// Returns llama.cpp's name (tokenizer.ggml.pre) of how a byte-level tokenizer.json splits a text before its merges. llama.cpp
// knows a list of such ways by name, and has no key for another. Throws unsupported, with the expression, for one that is none of
// them.
std::string gguf_pre_tokenizer(const Json& tokenizer, std::string_view where);

// Returns the step of that type ("ByteLevel") of a normalizer, pre-tokenizer or post-processor, or null: it may be in a Sequence.
const Json* find_step(const Json& part, std::string_view type);

}  // namespace hies::exports
