#pragma once

#include <ATen/ATen.h>

namespace hies::model {

// Of set_device().
at::Device compute_device();

}  // namespace hies::model
