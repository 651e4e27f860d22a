#include <ATen/Context.h>
#include <ATen/Parallel.h>

#include "hies/engine/execution_scope_torch.h"
#include "hies/kernels/attention.h"

namespace hies::engine {

at::Device torch_device(const Device& device) {
  return device.is_cuda() ? at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(device.index)) : at::Device(at::kCPU);
}

at::ScalarType torch_type(ComputeType type) {
  switch (type) {
    case ComputeType::float32: return at::kFloat;
    case ComputeType::bfloat16: return at::kBFloat16;
    case ComputeType::float64: return at::kDouble;
  }
  return at::kFloat;
}

ExecutionScope::ExecutionScope(const Execution& execution)
    : torch_threads_(at::get_num_threads()),
      kernel_threads_(kernels::set_threads(execution.threads)),
      tf32_(at::globalContext().allowTF32CuBLAS()) {
  if (torch_threads_ != execution.threads) at::set_num_threads(execution.threads);
  if (tf32_ != execution.tf32) at::globalContext().setAllowTF32CuBLAS(execution.tf32);
}

ExecutionScope::~ExecutionScope() {
  if (at::get_num_threads() != torch_threads_) at::set_num_threads(torch_threads_);
  kernels::set_threads(kernel_threads_);
  if (at::globalContext().allowTF32CuBLAS() != tf32_) at::globalContext().setAllowTF32CuBLAS(tf32_);
}

}  // namespace hies::engine
