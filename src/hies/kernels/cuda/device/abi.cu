#include <cuda_runtime.h>

#include "hies/kernels/cuda/device/attention.cuh"

// The functions of hies_cuda.h that launch no kernels themselves: queries of the device, and the choice between the attention
// kernels.

using namespace hies::cuda;

namespace {

// Returns true for shapes that the tensor-core kernels support. They scale logits after the maximum is taken, which needs scale >
// 0.
bool on_tensor_cores(const hies_cuda_shape& shape) {
  return (shape.dtype != HIES_CUDA_FLOAT32 || shape.tf32 != 0) && shape.head_dim <= 128 && shape.scale > 0;
}

// Returns true if the current GPU has compute capability 9.0. The capability is queried once for each GPU and thread, so that
// launches do not pay for it.
bool on_hopper() {
  thread_local int known = -1, capability = 0;
  int device = 0;
  if (cudaGetDevice(&device) != cudaSuccess) return false;
  if (device != known && hies_cuda_capability(device, &capability) == cudaSuccess) known = device;
  return capability == 90;
}

bool valid(const hies_cuda_shape& shape) {
  return shape.head_dim >= 1 && shape.head_dim <= 256 && (shape.window <= 0 || shape.causal != 0);
}

}  // namespace

extern "C" {

int hies_cuda_abi(void) { return HIES_CUDA_ABI; }

const char* hies_cuda_error_text(int error) { return cudaGetErrorString(static_cast<cudaError_t>(error)); }

int hies_cuda_device_count(int* count) { return cudaGetDeviceCount(count); }

int hies_cuda_capability(int device, int* capability) {
  int major = 0, minor = 0;
  cudaError_t error = cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device);
  if (error == cudaSuccess) error = cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device);
  *capability = 10 * major + minor;
  return error;
}

int hies_cuda_memory(uint64_t* free_bytes, uint64_t* total_bytes) {
  std::size_t free_size = 0, total_size = 0;
  const cudaError_t error = cudaMemGetInfo(&free_size, &total_size);
  *free_bytes = free_size, *total_bytes = total_size;
  return error;
}

int hies_cuda_attention_forward(const hies_cuda_shape* shape, const hies_cuda_forward* arguments, void* stream) {
  if (!valid(*shape)) return cudaErrorInvalidValue;
  const auto tensor = shape->dtype != HIES_CUDA_FLOAT32 && on_hopper() ? hopper_forward : tensor_forward;
  const auto run = on_tensor_cores(*shape) ? tensor : fma_forward;
  return run(*shape, *arguments, static_cast<cudaStream_t>(stream));
}

int hies_cuda_attention_backward(const hies_cuda_shape* shape, const hies_cuda_backward* arguments, void* stream) {
  if (!valid(*shape)) return cudaErrorInvalidValue;
  const auto cuda_stream = static_cast<cudaStream_t>(stream);
  hies_cuda_shape exact = *shape;
  exact.tf32 = 0;
  if (arguments->dq.data == nullptr && arguments->dk.data == nullptr && arguments->dv.data == nullptr)
    return head_inner(exact, *arguments, cuda_stream);
  const bool tensor = on_tensor_cores(*shape), tf32 = tensor && shape->dtype == HIES_CUDA_FLOAT32;
  // dP − ⟨dO, O⟩ is a small difference of large numbers where few keys have all the probability. In TF32 its two terms must
  // therefore contain the same, rounded dO. The inner products that are returned use the exact dO, so they are computed again at
  // the end.
  if (const int error = head_inner(tf32 ? *shape : exact, *arguments, cuda_stream)) return error;
  const auto run = !tensor ? fma_backward : is_short(*shape) ? short_backward : tensor_backward;
  if (const int error = run(*shape, *arguments, cuda_stream)) return error;
  return tf32 ? head_inner(exact, *arguments, cuda_stream) : cudaSuccess;
}

}  // extern "C"
