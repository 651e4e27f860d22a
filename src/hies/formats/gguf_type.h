#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace hies::formats {

// How GGUF stores the numbers of a tensor. The values are those of ggml_type. Q8_0 holds 32 numbers of a row in 34 bytes: a
// float16 scale and 32 int8.
enum class GgufType : std::uint32_t { f32 = 0, f16 = 1, q8_0 = 8, bf16 = 30 };

inline constexpr std::size_t kQ8Block = 32;

// Returns the name as llama.cpp's tools write it in lower case: "q8_0".
std::string_view gguf_type_name(GgufType type) noexcept;

// Returns whether rows of so many numbers can be stored: Q8_0 needs whole blocks.
bool fits_gguf_type(GgufType type, std::int64_t row) noexcept;

// Returns the bytes of so many numbers, which are whole blocks.
std::uint64_t gguf_bytes(GgufType type, std::uint64_t count) noexcept;

// Writes `values`, whole blocks of finite numbers, to `bytes`, gguf_bytes of them. Q8_0 is rounded as llama.cpp's reference does.
void to_gguf(std::span<const float> values, GgufType type, std::byte* bytes);

}  // namespace hies::formats
