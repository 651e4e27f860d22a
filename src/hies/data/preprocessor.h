#pragma once

#include <variant>

#include "hies/image/processor.h"
#include "hies/model/checkpoint.h"
#include "hies/text/tokenizer.h"

namespace hies::data {

// What makes a model's input of texts, or of images.
using Preprocessor = std::variant<text::Tokenizer, image::Processor>;

// That of a checkpoint directory. ImageLoader without a preprocessor_config.json are taken as is usual for the family
// (Processor::assumed). Throws what Tokenizer::load and parse_processor throw.
Preprocessor load_preprocessor(const model::Checkpoint& checkpoint);

}  // namespace hies::data
