#pragma once

#include <cuda_runtime.h>

#include "hies/kernels/cuda/hies_cuda.h"

// The implementations of attention that abi.cu chooses between. All take the arguments of hies_cuda_attention_forward or
// hies_cuda_attention_backward and return a CUDA error code. Backward passes expect arguments.head_inner to be computed already.
namespace hies::cuda {

// Writes arguments.head_inner, ⟨dout, out⟩ of each token and head. If shape.tf32, dout is rounded to TF32 first.
int head_inner(const hies_cuda_shape& shape, const hies_cuda_backward& arguments, cudaStream_t stream);

// float32 multiply-adds on CUDA cores, for every type and head size.
int fma_forward(const hies_cuda_shape& shape, const hies_cuda_forward& arguments, cudaStream_t stream);
int fma_backward(const hies_cuda_shape& shape, const hies_cuda_backward& arguments, cudaStream_t stream);

// Tensor cores (mma.sync), for bfloat16, float16 and, rounded to TF32, float32; head_dim ≤ 128.
int tensor_forward(const hies_cuda_shape& shape, const hies_cuda_forward& arguments, cudaStream_t stream);
int tensor_backward(const hies_cuda_shape& shape, const hies_cuda_backward& arguments, cudaStream_t stream);

// The same for shapes that is_short accepts: at most 128 queries and keys in a sequence, head_dim ≤ 64.
bool is_short(const hies_cuda_shape& shape);
int short_backward(const hies_cuda_shape& shape, const hies_cuda_backward& arguments, cudaStream_t stream);

// Warpgroup products and TMA of compute capability 9.0, for bfloat16 and float16; head_dim ≤ 128.
int hopper_forward(const hies_cuda_shape& shape, const hies_cuda_forward& arguments, cudaStream_t stream);

}  // namespace hies::cuda
