#pragma once

#include <string>
#include <utility>
#include <vector>

#include "hies/arch/checkpoint.h"
#include "hies/formats/gguf_writer.h"

namespace hies::exports {

// Returns the `tokenizer.*` keys of a checkpoint's GGUF file, from tokenizer.json, tokenizer_config.json, chat_template.jinja and
// config.json: tokens with their types, merges or scores, special tokens, whether BOS and EOS are added, the chat template. Ids
// of the model's vocabulary that no token has are filled with unused ones. Throws bad_input where tokenizer.json is missing or
// has an id that the model lacks, and unsupported for a tokenizer that llama.cpp has not.
std::vector<std::pair<std::string, formats::GgufValue>> gguf_tokenizer(const arch::Checkpoint& checkpoint);

}  // namespace hies::exports
