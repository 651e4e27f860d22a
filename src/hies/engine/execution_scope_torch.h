#pragma once

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "hies/engine/execution.h"

namespace hies::engine {

at::Device torch_device(const Device& device);
at::ScalarType torch_type(ComputeType type);

// While one lives, torch and the kernels compute as `execution` says in this thread: number of threads, TF32, no autograd. What was set
// before comes back, so that models with different options can take turns.
class ExecutionScope {
 public:
  explicit ExecutionScope(const Execution& execution);
  ~ExecutionScope();
  ExecutionScope(const ExecutionScope&) = delete;
  ExecutionScope& operator=(const ExecutionScope&) = delete;

 private:
  at::NoGradGuard frozen_;
  int torch_threads_;
  int kernel_threads_;
  bool tf32_;
};

}  // namespace hies::engine
