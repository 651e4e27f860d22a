#include "hies/formats/gguf_writer.h"

#include <bit>
#include <type_traits>

#include <fmt/format.h>

#include "hies/base/error.h"

namespace hies::formats {
namespace {

constexpr std::uint32_t kVersion = 3;
constexpr std::uint64_t kAlignment = 32;

// The numbers by which a file says what a value is.
enum class Kind : std::uint32_t { uint32 = 4, int32 = 5, float32 = 6, boolean = 7, string = 8, array = 9 };

std::uint64_t aligned(std::uint64_t size) { return (size + kAlignment - 1) / kAlignment * kAlignment; }

// The head of a file: numbers are little-endian, texts begin with their length.
class Head {
 public:
  template <class T>
  void number(T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i) text_ += static_cast<char>(value >> (8 * i));
  }
  void kind(Kind kind) { number(static_cast<std::uint32_t>(kind)); }
  void raw(std::string_view text) { text_ += text; }
  void text(std::string_view text) {
    number(std::uint64_t{text.size()});
    raw(text);
  }

  void put(std::uint32_t value) { number(value); }
  void put(std::int32_t value) { number(static_cast<std::uint32_t>(value)); }
  void put(float value) { number(std::bit_cast<std::uint32_t>(value)); }
  void put(bool value) { number(static_cast<std::uint8_t>(value)); }
  void put(const std::string& value) { text(value); }

  void value(const GgufValue& value) {
    std::visit([this](const auto& held) { typed(held); }, value);
  }
  const std::string& bytes() const { return text_; }
  void pad() { text_.resize(aligned(text_.size())); }

 private:
  template <class T>
  static constexpr Kind kind_of() {
    if constexpr (std::is_same_v<T, std::uint32_t>) return Kind::uint32;
    else if constexpr (std::is_same_v<T, std::int32_t>) return Kind::int32;
    else if constexpr (std::is_same_v<T, float>) return Kind::float32;
    else if constexpr (std::is_same_v<T, bool>) return Kind::boolean;
    else return Kind::string;
  }
  template <class T>
  void typed(const T& value) {
    kind(kind_of<T>());
    put(value);
  }
  template <class T>
  void typed(const std::vector<T>& values) {
    kind(Kind::array);
    kind(kind_of<T>());
    number(std::uint64_t{values.size()});
    for (const T& value : values) put(value);
  }

  std::string text_;
};

Head head_of(const GgufModel& model) {
  Head head;
  head.raw("GGUF");
  head.number(kVersion);
  head.number(std::uint64_t{model.tensors.size()});
  head.number(std::uint64_t{model.metadata.size()});
  for (const auto& [key, value] : model.metadata) {
    head.text(key);
    head.value(value);
  }
  std::uint64_t offset = 0;
  for (const GgufTensor& tensor : model.tensors) {
    check(tensor.name.size() <= kGgufLongestName && !tensor.shape.empty(), "a tensor that GGUF cannot name");
    head.text(tensor.name);
    head.number(static_cast<std::uint32_t>(tensor.shape.size()));
    for (auto size = tensor.shape.rbegin(); size != tensor.shape.rend(); ++size) head.number(static_cast<std::uint64_t>(*size));
    head.number(static_cast<std::uint32_t>(tensor.type));
    head.number(offset);
    offset += aligned(tensor.bytes());
  }
  head.pad();
  return head;
}

}  // namespace

std::uint64_t GgufTensor::bytes() const noexcept {
  std::uint64_t count = 1;
  for (const std::int64_t size : shape) count *= static_cast<std::uint64_t>(size);
  return gguf_bytes(type, count);
}

std::uint64_t write_gguf(const std::filesystem::path& path, const GgufModel& model, bool force, Progress& progress) {
  const Head head = head_of(model);
  std::uint64_t total = head.bytes().size();
  for (const GgufTensor& tensor : model.tensors) total += aligned(tensor.bytes());
  TensorFile file(path, force, progress);
  progress.begin("write", static_cast<std::int64_t>(total), "bytes");
  file.write(head.bytes());
  for (const GgufTensor& tensor : model.tensors) {
    const std::uint64_t begin = file.size();
    tensor.write([&](std::span<const std::byte> bytes) { file.write(bytes); });
    const std::uint64_t written = file.size() - begin;
    check(written == tensor.bytes(), fmt::format("tensor {} writes {} of its {} bytes", tensor.name, written, tensor.bytes()));
    file.pad(aligned(written) - written);
  }
  file.commit();
  progress.end();
  return total;
}

}  // namespace hies::formats
