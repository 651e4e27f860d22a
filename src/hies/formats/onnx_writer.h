#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "hies/base/progress.h"
#include "hies/formats/dtype.h"
#include "hies/formats/tensor_file.h"

namespace hies::formats {

// A model in ONNX's words (github.com/onnx/onnx, onnx.proto). Values are named, and each is made once: by a node, an input or a tensor.

struct OnnxAttribute {
  std::string name;
  std::variant<std::int64_t, float, std::string, std::vector<std::int64_t>> value;
};

struct OnnxNode {
  std::string op;                            // "MatMul"
  std::vector<std::string> inputs, outputs;  // an empty name: an optional one that is left out
  std::vector<OnnxAttribute> attributes = {};
  std::string name = {};    // for people and profilers
  std::string domain = {};  // empty: ONNX's own operators
};

// The size of an axis: a number, or the name of one that is known when the model runs.
using OnnxSize = std::variant<std::int64_t, std::string>;

// An input or an output.
struct OnnxValue {
  std::string name;
  DType dtype = DType::float32;
  std::vector<OnnxSize> shape;
};

struct OnnxModel {
  std::string name;  // of the graph
  std::vector<OnnxNode> nodes;
  std::vector<TensorSource> tensors;  // constants ("initializers")
  std::vector<OnnxValue> inputs, outputs;
  std::vector<std::pair<std::string, std::int64_t>> opsets;  // domain, version
  std::int64_t ir_version = 8;
  std::string producer, producer_version;
  std::vector<std::pair<std::string, std::string>> metadata;
};

// Tensors of fewer bytes stand in the model file in any case: readers look at them before they open another file.
inline constexpr std::uint64_t kOnnxInlineBytes = 1024;
// Protocol Buffers allow no longer message.
inline constexpr std::uint64_t kOnnxMostBytes = 0x7FFFFFFF;

// Returns ONNX's number of a dtype (TensorProto.DataType), as the attribute of a Cast has it.
std::int64_t onnx_type(DType dtype);

// Returns the bytes of the model in one file.
std::uint64_t onnx_bytes(const OnnxModel& model);

// Writes the model to `path`, which must not exist, one tensor's piece in memory at a time. `external`: tensors from kOnnxInlineBytes on
// go to the file `path`_data beside it, each at a multiple of 4096 bytes where it is large, so that readers can map it. Reports bytes
// to `progress`. Throws bad_input for a model over kOnnxMostBytes that is not external, and as TensorFile does.
void write_onnx(const std::filesystem::path& path, const OnnxModel& model, bool external, Progress& progress);

}  // namespace hies::formats
