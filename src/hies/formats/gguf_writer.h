#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "hies/base/progress.h"
#include "hies/formats/gguf_type.h"
#include "hies/formats/tensor_file.h"

namespace hies::formats {

// A file of llama.cpp, in GGUF's words (github.com/ggml-org/ggml, docs/gguf.md): metadata by key, then tensors.

using GgufValue = std::variant<std::uint32_t, float, bool, std::string, std::vector<std::int32_t>, std::vector<float>,
                               std::vector<std::string>>;

// A tensor to be written, as TensorSource is, in a type of GGUF.
struct GgufTensor {
  std::string name;
  GgufType type = GgufType::f32;
  std::vector<std::int64_t> shape;  // rows first, as everywhere in hies; the file has the axes the other way round
  std::function<void(const ByteSink& sink)> write;

  // Returns the bytes that `write` sends.
  std::uint64_t bytes() const noexcept;
};

struct GgufModel {
  std::vector<std::pair<std::string, GgufValue>> metadata;  // each key once
  std::vector<GgufTensor> tensors;
};

// Names of tensors may have no more bytes, by ggml's constant.
inline constexpr std::size_t kGgufLongestName = 63;

// Writes version 3 of the format to `path`, one piece of a tensor in memory at a time; each tensor begins at a multiple of 32
// bytes. Returns the bytes of the file. Reports bytes to `progress`. Throws as TensorFile does.
std::uint64_t write_gguf(const std::filesystem::path& path, const GgufModel& model, bool force, Progress& progress);

}  // namespace hies::formats
