// Safetensors files, and the index of shards.
#include "../outcome.h"
#include "../target.h"
#include "hies/base/error.h"
#include "hies/base/progress.h"
#include "hies/formats/float_conversion.h"
#include "hies/formats/safetensors_writer.h"
#include "hies/formats/tensor_store.h"

namespace hies::fuzz {
namespace {

using formats::DType;

formats::TensorSource tensor_of(std::string name, DType dtype, std::vector<std::int64_t> shape, std::size_t bytes,
                                std::size_t group) {
  return {std::move(name), dtype, std::move(shape), group, [bytes](const auto& sink) {
            const std::string content(bytes, '\x3c');
            sink(std::as_bytes(std::span(content)));
          }};
}

std::vector<Bundle> weight_seeds() {
  std::vector<Bundle> seeds;
  for (const std::size_t shards : {1, 2}) {
    const auto root = new_root();
    std::filesystem::create_directories(root);
    const std::vector<formats::TensorSource> tensors = {
        tensor_of("encoder.a.weight", DType::float16, {30, 4}, 240, 0), tensor_of("encoder.a.bias", DType::float32, {3}, 12, 0),
        tensor_of("ids", DType::int64, {1, 2}, 16, shards - 1),
        tensor_of("encoder.b.weight", DType::bfloat16, {2, 50, 2}, 400, shards - 1),
        tensor_of("scalar", DType::float64, {}, 8, shards - 1)};
    formats::write_safetensors(root, tensors, 1 << 20, silent_progress());
    seeds.push_back(read_bundle(root));
    std::filesystem::remove_all(root);
  }
  return seeds;
}

void read_weights(const std::filesystem::path& input, const std::filesystem::path& /*output*/) {
  const formats::TensorStore store = formats::TensorStore::open(input);
  for (const formats::TensorView& view : store.tensors()) {
    const auto whole = view.mapping->bytes();
    check(view.bytes.data() >= whole.data() && view.bytes.data() + view.bytes.size() <= whole.data() + whole.size(),
          "outside the file");
    check(view.bytes.size() == static_cast<std::size_t>(view.elements()) * formats::element_bytes(view.dtype), "another size");
    check(store.find(view.name) == &view, "another tensor of that name");
    try {
      formats::check_finite(view);
    } catch (const Error& error) {
      check(error.kind() == ErrorKind::bad_input, error.what());
    }
    if (formats::is_floating(view.dtype)) formats::to_double(view);
  }
  check(formats::content_hash(store).size() == 32, "no hash");
}

}  // namespace

Target weights_target() { return {"weights", weight_seeds, read_weights}; }

}  // namespace hies::fuzz
