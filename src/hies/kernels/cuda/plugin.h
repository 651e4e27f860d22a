#pragma once

#include <string_view>

#include "hies/kernels/cuda/hies_cuda.h"

// libhies_cuda.so, the plug-in with the CUDA kernels. It is opened when plugin() is first called; a program that runs on the CPU
// needs neither it nor CUDA.
namespace hies::kernels::cuda {

// The functions of hies_cuda.h, named without the prefix hies_cuda_.
struct Plugin {
  decltype(&hies_cuda_abi) abi;
  decltype(&hies_cuda_error_text) error_text;
  decltype(&hies_cuda_device_count) device_count;
  decltype(&hies_cuda_capability) capability;
  decltype(&hies_cuda_memory) memory;
  decltype(&hies_cuda_attention_forward) attention_forward;
  decltype(&hies_cuda_attention_backward) attention_backward;
  decltype(&hies_cuda_sequence_sums) sequence_sums;
  decltype(&hies_cuda_sequence_squares) sequence_squares;
  decltype(&hies_cuda_norm_forward) norm_forward;
  decltype(&hies_cuda_norm_backward) norm_backward;
  decltype(&hies_cuda_rotate) rotate;
  decltype(&hies_cuda_gated) gated;
  decltype(&hies_cuda_gated_backward) gated_backward;
  decltype(&hies_cuda_copy_rows) copy_rows;
  decltype(&hies_cuda_summarise_logits) summarise_logits;
  decltype(&hies_cuda_logits_gradient) logits_gradient;
};

// Opens the plug-in on the first call and returns its functions. It is the file that the environment variable HIES_CUDA_PLUGIN
// names, or libhies_cuda.so beside the program, in ../lib from there, in the build directory, or where the system looks for
// libraries. Throws unsupported, with a hint, if there is no plug-in, if it has another ABI version, if there is no driver or no
// GPU, or if it has no kernels for the GPU.
const Plugin& plugin();

// Returns true if the plug-in has kernels for GPUs of this compute capability, 90 for 9.0.
bool runs_on(int capability) noexcept;

// Throws internal with CUDA's error text unless `error` is 0. `what` completes "CUDA failed while …".
void check_call(int error, std::string_view what);

}  // namespace hies::kernels::cuda
