#pragma once

#include <filesystem>
#include <string>

#include "hies/base/progress.h"
#include "hies/formats/tensor_store.h"

namespace hies::prune {

// Copies what is neither weights, config.json nor README.md of a checkpoint's folder (tokenizer, licence, …; folders too) to
// `target`. Hidden files stay behind silently; weights in other formats, which would be those of the unpruned model, with a warning.
// Throws io.
void copy_side_files(const std::filesystem::path& source, const formats::TensorStore& store, const std::filesystem::path& target,
                     Progress& progress);

// README.md of `source` with `note` (Markdown) at its end; the note alone where there is none. Throws io.
void write_readme(const std::filesystem::path& source, const std::string& note, const std::filesystem::path& target);

}  // namespace hies::prune
