#pragma once

#include <filesystem>
#include <string>

#include "hies/text/class_components.h"

namespace hies::text {

// Vocabularies without a tokenizer.json. Both functions return the content of one. They throw bad_input, which names the file, for
// a damaged file, and for a special token of the class that is not in the vocabulary.

// Reads a vocab.txt: one token of WordPiece a line, whose number from 0 is its id. Of equal tokens the last counts, and white space at
// the end of a line is no part of it, as in transformers.
std::string wordpiece_document(const std::filesystem::path& path, const TokenizerConfig& config);

// Reads a vocab.json and a merges.txt of byte-level BPE.
std::string byte_level_document(const std::filesystem::path& vocab_path, const std::filesystem::path& merges_path,
                                const TokenizerConfig& config);

}  // namespace hies::text
