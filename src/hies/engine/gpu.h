#pragma once

#include <cstdint>

#include "hies/engine/execution.h"

namespace hies::engine {

// Makes the device usable: for a GPU, libtorch's CUDA half and the plug-in with the kernels are opened once in a process; nothing of
// either is touched before. Throws unsupported, with what is missing, where the GPU cannot be used.
void open_device(const Device& device);

// Returns the bytes of memory that are free on the GPU now, with those that libtorch holds and no tensor uses.
std::uint64_t free_memory(const Device& gpu);

// Return the bytes of it that tensors take now, and the greatest number since restart_peak().
std::uint64_t tensor_bytes(const Device& gpu);
std::uint64_t peak_tensor_bytes(const Device& gpu);
void restart_peak(const Device& gpu);

}  // namespace hies::engine
