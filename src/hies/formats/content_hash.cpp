#include "hies/base/hash.h"
#include "hies/formats/tensor_store.h"

namespace hies::formats {

std::string content_hash(const TensorStore& store) {
  constexpr std::size_t kPart = 64 * 1024;
  Hasher hasher;
  for (const TensorView& tensor : store.tensors()) {
    hasher.update(std::string_view(tensor.name)).update(stored_name(tensor.dtype));
    hasher.update(static_cast<std::int64_t>(tensor.shape.size()));
    for (const std::int64_t size : tensor.shape) hasher.update(size);
    const std::size_t size = tensor.bytes.size();
    if (size <= 3 * kPart) {
      hasher.update(tensor.bytes);
    } else {
      hasher.update(tensor.bytes.first(kPart)).update(tensor.bytes.subspan((size - kPart) / 2, kPart));
      hasher.update(tensor.bytes.last(kPart));
    }
  }
  return hasher.hex();
}

}  // namespace hies::formats
