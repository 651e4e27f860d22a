#pragma once

#include "hies/engine/model.h"
#include "hies/nn/network.h"

namespace hies::engine {

// What a room that walks the layers of a model itself needs of it. All live as long as the model.
const nn::Network& network_of(const Model& model);
at::Device device_of(const Model& model);
ops::AttentionOptions attention_options(const Model& model);

}  // namespace hies::engine
