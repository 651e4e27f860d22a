#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "hies/arch/checkpoint.h"
#include "hies/base/progress.h"

namespace hies::exports {

struct GgufOptions {
  std::string dtype = "auto";

  template <class V, class Self>
  static void fields(V& v, Self& self) {
    v("dtype", self.dtype, "type of the matrices: auto (as stored), f32, f16, bf16 or q8_0");
  }
};

// Throws bad_input for a value that is not known.
void check_options(const GgufOptions& options);

// What was written.
struct GgufFile {
  std::string architecture;  // "llama", "qwen2", "qwen3", or "deci", whose layers may differ
  std::string dtype;         // of the matrices
  std::int64_t bytes = 0;
  std::vector<std::string> notes;  // what a user should know of the file
};

// Writes a language model for llama.cpp, with its tokenizer, to `path`, which appears whole or not at all. Throws as
// check_options, gguf_shape, gguf_tokenizer and formats::write_gguf do.
GgufFile write_gguf(const arch::Checkpoint& checkpoint, const GgufOptions& options, const std::filesystem::path& path, bool force,
                    Progress& progress);

}  // namespace hies::exports
