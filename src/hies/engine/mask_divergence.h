#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "hies/engine/mask_trie.h"
#include "hies/engine/model.h"

namespace hies::engine {

// One batch that is run under many masks, again and again, and compared with what the model answers without a mask. Of classes and of
// each target token the difference is KL(unmasked ‖ masked), in nats; of numbers the squared difference; of pooled states, where the
// model has no task head, 1 − cosine. On the CPU a sum is the same bits whatever masks are evaluated beside it.
class MaskDivergence {
 public:
  // `model` and `batch` outlive it. `keep_states`: on the CPU, the states of a trunk are kept between calls: a state and the head
  // outputs of each layer.
  MaskDivergence(const Model& model, const model::Batch& batch, bool keep_states);
  ~MaskDivergence();
  MaskDivergence(MaskDivergence&&) noexcept;
  MaskDivergence& operator=(MaskDivergence&&) noexcept;

  // Returns the divergence summed over the batch's answers for each distinct mask, in the order of trie.leaves(); NaN and infinity are
  // returned as they are. `trunk`: what most of the masks remove, whose states are kept for further calls; null: nothing is kept.
  std::vector<double> sums(const MaskTrie& masks, const model::UnitSet* trunk);
  // Returns how many answers a sum is of: sequences, or target tokens.
  std::int64_t answers() const noexcept;
  // Returns how many layers have been computed so far, the unmasked run's not counted.
  std::int64_t layers_computed() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hies::engine
