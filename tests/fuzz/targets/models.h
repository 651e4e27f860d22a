#pragma once

#include <memory>

#include "../target.h"
#include "hies/arch/checkpoint.h"

namespace hies::fuzz {

// The golden checkpoints without their tokenizers; those with `most` bytes of weights and less.
std::vector<Bundle> golden_models(std::size_t most);

// Runs the checkpoint on a few tokens, or a black image. Throws what load and run throw.
void run_model(std::shared_ptr<const arch::Checkpoint> checkpoint);

}  // namespace hies::fuzz
