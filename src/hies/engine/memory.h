#pragma once

#include <cstdint>
#include <string>

#include "hies/engine/execution.h"
#include "hies/model/spec.h"

namespace hies::engine {

// How the weights and the activations of a model share the memory that it may use. It changes no result on the CPU, on a GPU none
// but by rounding: how many masks stand side by side decides the shape of a product.
struct MemoryPlan {
  std::uint64_t budget = 0;          // bytes
  std::uint64_t weights = 0;         // bytes of all matrices in the computation type
  std::uint64_t largest_weight = 0;  // bytes
  std::uint64_t token_in_layer = 0;  // bytes that a layer keeps of one token for a backward pass
  std::uint64_t token_of_mask = 0;   // bytes that a walk over masks keeps of one token of one mask
  // Whether prepacked matrices stay in memory: those of the forward pass, and those of the backward pass, which are packed in another
  // order. Else matrices are read from the mapped file each time. Runs with a backward pass keep both or none.
  bool keep_forward = true;
  bool keep_backward = true;
  // On a GPU, both directions read one copy, which has to fit. `streamed` bytes of it stay in the machine's memory and are on the GPU
  // `window` bytes at a time: 0 unless ExecutionOptions::offload.
  bool one_copy = false;
  std::uint64_t streamed = 0, window = 0;

  // Returns how many layers' activations, at most those of `layers`, fit together when `tokens` are run forward and back. With fewer
  // than all, activations are recomputed, so many layers at a time, from the states between them. Throws bad_input, with what is
  // needed, when not even one layer fits.
  int layers_at_once(std::int64_t tokens, int layers) const;
  // Returns how many masks of a batch of `tokens` are evaluated side by side: on the CPU one, on a GPU as many as fit and keep it busy.
  std::int64_t masks_at_once(std::int64_t tokens) const;
  // Returns what the user may try where a GPU was full with `tokens` at once.
  std::string hint_where_full(std::int64_t tokens) const;
  // Returns one line for the user on what the budget leads to where `tokens` are run forward and back at once; empty when all fits.
  std::string text(std::int64_t tokens, int layers) const;

  // Returns the bytes that are needed whatever the number of tokens.
  std::uint64_t besides_activations() const;
};

// Plans for the memory budget of `execution`; 0: four fifths of the machine's memory, or nine tenths of what is free on the GPU.
// Throws bad_input where a GPU, or the machine that streams weights to it, has no room for them.
MemoryPlan plan_memory(const model::ModelSpec& spec, const Execution& execution);

}  // namespace hies::engine
