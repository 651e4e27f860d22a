#pragma once

#include <ATen/ATen.h>

namespace hies::model {

// Of set_device().
at::Device compute_device();

// A tensor on `device`. One that is brought from the host to a GPU goes through pinned memory, so that nothing waits for the GPU.
at::Tensor brought(const at::Tensor& tensor, at::Device device);

}  // namespace hies::model
