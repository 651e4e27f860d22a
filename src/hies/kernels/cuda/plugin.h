#pragma once

#include <string_view>

#include "hies/kernels/cuda/hies_cuda.h"

// libhies_cuda.so, opened when it is first asked for: no program needs it, or CUDA, to run on the CPU.
namespace hies::kernels::cuda {

// Its functions, by the names of hies_cuda.h without their beginning.
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
  decltype(&hies_cuda_look_at_logits) look_at_logits;
  decltype(&hies_cuda_gradient_of_logits) gradient_of_logits;
};

// Looks beside the program, in ../lib from there, where it was built, and where the system looks; or takes the file that the variable
// HIES_CUDA_PLUGIN names. Throws unsupported, with what to do: no plug-in, another version of it, no driver, no GPU, a GPU that it has
// no kernels for.
const Plugin& plugin();

// The capabilities (90 for 9.0) that the plug-in has kernels for.
bool runs_on(int capability) noexcept;

// Throws internal with CUDA's words where a call failed.
void check_call(int error, std::string_view what);

}  // namespace hies::kernels::cuda
