#pragma once

#include <ATen/ATen.h>

#include "hies/model/spec.h"

namespace hies::model {

// silu(first half of the columns) · second half, with any activation.
at::Tensor gated_activation(Activation activation, const at::Tensor& both);

}  // namespace hies::model
