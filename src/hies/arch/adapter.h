#pragma once

#include <filesystem>
#include <string>

namespace hies::arch {

// Returns the name of the file by which a directory holds an adapter of PEFT (LoRA and its like), or an empty text.
std::string adapter_file(const std::filesystem::path& folder);

// Returns a line that says how the adapter in a directory becomes part of a model's weights.
std::string adapter_hint(const std::filesystem::path& folder);

}  // namespace hies::arch
