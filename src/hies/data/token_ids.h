#pragma once

#include <filesystem>

#include "hies/arch/checkpoint.h"
#include "hies/data/dataset.h"
#include "hies/text/tokenizer.h"

namespace hies::data {

// Throws bad_input, which names the line and the token, if an example has a token for which the model's embedding has no row. What the
// tokenizer could give, but no example has, is no error: tokenizers often have tokens that their model was never given.
void check_token_ids(const Dataset& dataset, const std::filesystem::path& file, const arch::Checkpoint& checkpoint,
                     const text::Tokenizer& tokenizer);

}  // namespace hies::data
