#pragma once

#include <cstdint>
#include <string>

#include "hies/model/compute_type.h"

namespace hies::model {

// Where models loaded from now on are computed: "cpu", or "cuda", which opens libtorch's CUDA half and the kernels' plug-in; nothing of
// either is touched before. Call it before anything else of this room. Throws bad_input for another name, unsupported where the GPU
// cannot be used, with what is missing.
void set_device(const std::string& name);

// Throws unsupported for what no GPU computes in: float64.
void check_gpu_computes(ComputeType type);

// Whether a GPU multiplies float32 matrices in TF32, with 11 bits of mantissa; those of attention, too. Off unless set.
void set_tf32(bool allowed);

// Whether a GPU adds up gradients of long sequences in one fixed order, so that scores are the same bit for bit in every run, instead of
// as fast as it can. Off unless set.
void set_deterministic(bool wanted);
bool deterministic() noexcept;

// Whether matrices of models loaded from now on stay in the machine's memory, pinned, and are on a GPU only around their products:
// for weights larger than its memory. Nothing on the CPU. Off unless set.
void set_offload(bool wanted);
bool offloads() noexcept;  // and it is a GPU

// Whether it is a GPU.
bool on_gpu() noexcept;

// Bytes of memory that are free on the GPU now.
std::uint64_t free_gpu_memory();

// Bytes of it that tensors take now.
std::uint64_t gpu_bytes();
// The most bytes of it that tensors have taken since restart_gpu_peak().
std::uint64_t gpu_peak_bytes();
void restart_gpu_peak();

}  // namespace hies::model
