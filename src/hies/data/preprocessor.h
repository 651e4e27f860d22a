#pragma once

#include <string>
#include <variant>

#include "hies/arch/checkpoint.h"
#include "hies/image/processor.h"
#include "hies/text/tokenizer.h"

namespace hies::data {

// What makes a model's input of texts, or of images.
using Preprocessor = std::variant<text::Tokenizer, image::Processor>;

// Returns that of a checkpoint directory. Images without a preprocessor_config.json are processed as is usual for the family
// (Processor::assumed). Throws what Tokenizer::load and parse_processor throw.
Preprocessor load_preprocessor(const arch::Checkpoint& checkpoint);

// Returns the hashes of a checkpoint with those of what makes its input.
model::ModelHashes hashes_of(const arch::Checkpoint& checkpoint, const Preprocessor& preprocessor);

}  // namespace hies::data
