#include "hies/model/card_torch.h"

#include <c10/core/impl/VirtualGuardImpl.h>

#include "hies/base/error.h"
#include "hies/kernels/cuda/hies_cuda.h"

namespace hies::model {

void* card_stream() {
  const c10::impl::VirtualGuardImpl guard(at::kCUDA);
  return guard.getStream(at::Device(at::kCUDA, 0)).native_handle();
}

std::int32_t card_dtype(at::ScalarType type) {
  switch (type) {
    case at::kFloat: return HIES_CUDA_FLOAT32;
    case at::kBFloat16: return HIES_CUDA_BFLOAT16;
    default: check(false, "rows of an unexpected dtype on a card");
  }
  return HIES_CUDA_FLOAT32;
}

}  // namespace hies::model
