#pragma once

#include <cstdint>

#include <ATen/ATen.h>

// What torch's operators and the plug-in's kernels share on a card.
namespace hies::model {

// The stream that torch's operators run on in this thread.
void* card_stream();
// enum hies_cuda_dtype.
std::int32_t card_dtype(at::ScalarType type);

}  // namespace hies::model
