#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hies/arch/checkpoint.h"

namespace hies::exports {

// The numbers of units of each layer in llama.cpp's words, and the architecture that can carry them.
struct GgufShape {
  std::string architecture;                        // "llama", "qwen2", "qwen3", or "deci" where layers differ
  std::vector<std::int32_t> heads, kv_heads, ffn;  // [L]
  int head_dim = 0;
  bool interleaved = false;  // neighbours are rotated, not halves: rows of queries and keys change places
};

// Returns the shape. Throws unsupported for what llama.cpp has no architecture for, or what would make it abort: another family
// or task, KV heads with different numbers of query heads in a layer, a first layer without heads, a layer without neurons,
// positions that it computes in another way. The hint names the nearest form that works.
GgufShape gguf_shape(const arch::Checkpoint& checkpoint);

}  // namespace hies::exports
