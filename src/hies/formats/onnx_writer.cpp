#include "hies/formats/onnx_writer.h"

#include <fmt/format.h>

#include "hies/base/error.h"
#include "hies/formats/protobuf.h"

namespace hies::formats {
namespace {

// AttributeProto.
ProtoMessage encode(const OnnxAttribute& attribute) {
  enum Type : std::uint8_t { kFloat = 1, kInt = 2, kString = 3, kInts = 7 };
  ProtoMessage message;
  message.text(1, attribute.name);
  Type type = kInt;
  if (const auto* number = std::get_if<float>(&attribute.value)) {
    message.number(2, *number);
    type = kFloat;
  } else if (const auto* integer = std::get_if<std::int64_t>(&attribute.value)) {
    message.integer(3, *integer);
  } else if (const auto* text = std::get_if<std::string>(&attribute.value)) {
    message.text(4, *text);
    type = kString;
  } else {
    for (const std::int64_t each : std::get<std::vector<std::int64_t>>(attribute.value)) message.integer(8, each);
    type = kInts;
  }
  message.integer(20, type);
  return message;
}

// NodeProto.
ProtoMessage encode(const OnnxNode& node) {
  ProtoMessage message;
  for (const std::string& input : node.inputs) message.text(1, input);
  for (const std::string& output : node.outputs) message.text(2, output);
  if (!node.name.empty()) message.text(3, node.name);
  message.text(4, node.op);
  for (const OnnxAttribute& attribute : node.attributes) message.message(5, encode(attribute));
  if (!node.domain.empty()) message.text(7, node.domain);
  return message;
}

// ValueInfoProto.
ProtoMessage encode(const OnnxValue& value) {
  ProtoMessage shape;
  for (const OnnxSize& size : value.shape) {
    ProtoMessage dimension;
    if (const auto* number = std::get_if<std::int64_t>(&size)) dimension.integer(1, *number);
    else dimension.text(2, std::get<std::string>(size));
    shape.message(1, dimension);
  }
  ProtoMessage tensor, type, message;
  tensor.integer(1, onnx_type(value.dtype));
  tensor.message(2, shape);
  type.message(1, tensor);
  message.text(1, value.name);
  message.message(2, type);
  return message;
}

// StringStringEntryProto.
ProtoMessage entry(std::string_view key, std::string_view value) {
  ProtoMessage message;
  message.text(1, key);
  message.text(2, value);
  return message;
}

// TensorProto, but for its content.
ProtoMessage encode_head(const TensorSource& tensor) {
  ProtoMessage message;
  for (const std::int64_t size : tensor.shape) message.integer(1, size);
  message.integer(2, onnx_type(tensor.dtype));
  message.text(8, tensor.name);
  return message;
}

// Tensors of 64 KiB or more are aligned to pages.
std::uint64_t aligned(std::uint64_t offset, std::uint64_t bytes) {
  const std::uint64_t alignment = bytes >= 65536 ? 4096 : 64;
  return (offset + alignment - 1) / alignment * alignment;
}

bool is_inline(const TensorSource& tensor) { return tensor.bytes() < kOnnxInlineBytes; }

// What of a model file precedes a tensor's bytes, which follow where `tensor` is set.
struct Piece {
  std::string bytes;
  const TensorSource* tensor = nullptr;
};

// The bytes of a model file.
class Layout {
 public:
  Layout(const OnnxModel& model, bool external, const std::string& data_file) {
    ProtoMessage start;
    start.text(2, model.name);
    for (const OnnxNode& node : model.nodes) start.message(1, encode(node));
    add({start.bytes(), nullptr});
    for (const TensorSource& tensor : model.tensors) {
      if (external && !is_inline(tensor)) add_external(tensor, data_file);
      else add_inline(tensor);
    }
    ProtoMessage values;
    for (const OnnxValue& input : model.inputs) values.message(11, encode(input));
    for (const OnnxValue& output : model.outputs) values.message(12, encode(output));
    add({values.bytes(), nullptr});
    enclose(model);
  }

  const std::vector<Piece>& pieces() const noexcept { return pieces_; }
  std::uint64_t bytes() const noexcept { return bytes_; }
  std::uint64_t data_bytes() const noexcept { return data_bytes_; }

 private:
  void add(Piece piece) {
    bytes_ += piece.bytes.size() + (piece.tensor != nullptr ? piece.tensor->bytes() : 0);
    pieces_.push_back(std::move(piece));
  }
  void add_inline(const TensorSource& tensor) {
    ProtoMessage head = encode_head(tensor);
    head.opening(9, tensor.bytes());
    ProtoMessage field;
    field.opening(5, head.bytes().size() + tensor.bytes());
    add({field.bytes() + head.bytes(), &tensor});
  }
  void add_external(const TensorSource& tensor, const std::string& data_file) {
    const std::uint64_t offset = aligned(data_bytes_, tensor.bytes());
    data_bytes_ = offset + tensor.bytes();
    ProtoMessage head = encode_head(tensor);
    head.message(13, entry("location", data_file));
    head.message(13, entry("offset", fmt::to_string(offset)));
    head.message(13, entry("length", fmt::to_string(tensor.bytes())));
    head.integer(14, 1);
    ProtoMessage field;
    field.message(5, head);
    add({field.bytes(), nullptr});
  }
  // Puts what was added, the graph, into the model.
  void enclose(const OnnxModel& model) {
    ProtoMessage start;
    start.integer(1, model.ir_version);
    start.text(2, model.producer);
    if (!model.producer_version.empty()) start.text(3, model.producer_version);
    for (const auto& [domain, version] : model.opsets) {
      ProtoMessage opset;
      if (!domain.empty()) opset.text(1, domain);
      opset.integer(2, version);
      start.message(8, opset);
    }
    for (const auto& [key, value] : model.metadata) start.message(14, entry(key, value));
    start.opening(7, bytes_);
    bytes_ += start.bytes().size();
    pieces_.insert(pieces_.begin(), {start.bytes(), nullptr});
  }

  std::vector<Piece> pieces_;
  std::uint64_t bytes_ = 0, data_bytes_ = 0;
};

void write_data(const std::filesystem::path& path, const OnnxModel& model, Progress& progress) {
  TensorFile file(path, false, progress);
  for (const TensorSource& tensor : model.tensors) {
    if (is_inline(tensor)) continue;
    file.pad(aligned(file.size(), tensor.bytes()) - file.size());
    file.write(tensor);
  }
  file.commit();
}

}  // namespace

std::int64_t onnx_type(DType dtype) {
  switch (dtype) {
    case DType::float32: return 1;
    case DType::uint8: return 2;
    case DType::int8: return 3;
    case DType::uint16: return 4;
    case DType::int16: return 5;
    case DType::int32: return 6;
    case DType::int64: return 7;
    case DType::boolean: return 9;
    case DType::float16: return 10;
    case DType::float64: return 11;
    case DType::uint32: return 12;
    case DType::uint64: return 13;
    case DType::bfloat16: return 16;
    case DType::float8_e4m3: return 17;
    case DType::float8_e5m2: return 19;
  }
  check(false, "a dtype that ONNX does not have");
  return 0;
}

std::uint64_t onnx_bytes(const OnnxModel& model) { return Layout(model, false, "").bytes(); }

void write_onnx(const std::filesystem::path& path, const OnnxModel& model, bool external, Progress& progress) {
  std::filesystem::path data = path;
  data += "_data";
  const Layout layout(model, external, data.filename().string());
  if (layout.bytes() > kOnnxMostBytes)
    throw Error(ErrorKind::bad_input,
                fmt::format("the model takes {} bytes, but a file of ONNX holds at most {}", layout.bytes(), kOnnxMostBytes),
                "`external_data` auto puts the weights into a second file");
  progress.begin("write", static_cast<std::int64_t>(layout.bytes() + layout.data_bytes()), "bytes");
  if (layout.data_bytes() > 0) write_data(data, model, progress);
  TensorFile file(path, false, progress);
  for (const Piece& piece : layout.pieces()) {
    file.write(piece.bytes);
    if (piece.tensor != nullptr) file.write(*piece.tensor);
  }
  check(file.size() == layout.bytes(), "an ONNX file of another size than was computed");
  file.commit();
  progress.end();
}

}  // namespace hies::formats
