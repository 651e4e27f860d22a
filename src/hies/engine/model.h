#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "hies/arch/checkpoint.h"
#include "hies/engine/execution.h"
#include "hies/engine/mask_trie.h"
#include "hies/engine/memory.h"
#include "hies/formats/stored_tensor.h"
#include "hies/model/batch.h"
#include "hies/model/objective.h"
#include "hies/model/recorder.h"
#include "hies/model/run_result.h"
#include "hies/model/unit_table.h"

namespace hies::engine {

class WeightGradients;

struct RunRequest {
  const model::Gates* gates = nullptr;          // null: all 1
  const model::Objective* objective = nullptr;  // null: no losses
  model::Recorder* recorder = nullptr;          // null: nothing is recorded. want_inner runs a backward pass
  WeightGradients* gradients = nullptr;         // of a run with a backward pass: gets the gradients of matrices; null: none
};

// Takes the result of one mask of many: `masks` are the places of all the given masks that are this one.
using TakeMasks = std::function<void(std::span<const std::size_t> masks, model::RunResult&& result)>;

// A checkpoint in memory, ready to run. Weights are frozen: no gradient of a weight is ever computed.
// Run from one thread at a time; inside, work is spread over the options' threads.
class Model {
 public:
  // Loads the weights onto the device of `options`. Weights that are float32 on disk and in the computation share the mapped file.
  // Throws what resolve() throws; bad_input for NaN or infinity in a weight, a decoder without task head, and a GPU with too
  // little memory; unsupported for heads that are too large for the kernels and for a GPU that cannot be used.
  // `overrides`: tensors to use in the place of the checkpoint's.
  static Model load(std::shared_ptr<const arch::Checkpoint> checkpoint, const ExecutionOptions& options = {},
                    const formats::TensorMap& overrides = {});
  // Returns a model of each description with random weights, to measure time with: their answers mean nothing, and they have no
  // checkpoint(). Matrices of one name and shape are in memory once. Throws as load() does.
  static std::vector<Model> with_random_weights(std::vector<model::ModelSpec> specs, const ExecutionOptions& options);
  ~Model();
  Model(Model&&) noexcept;
  Model& operator=(Model&&) noexcept;

  const arch::Checkpoint& checkpoint() const noexcept { return *checkpoint_; }
  const model::ModelSpec& spec() const noexcept;
  const MemoryPlan& memory() const noexcept;
  const Execution& execution() const noexcept;

  // Runs one forward pass over the batch, and one backward pass when the recorder wants inner products.
  // Throws bad_input for token ids outside the vocabulary, token types that the model does not have, and sequences longer than the
  // positions.
  model::RunResult run(const model::Batch& batch, const RunRequest& request = {}) const;

  // Runs one forward pass for each node of the trie instead of one for each mask: calls `take` once per distinct mask, in the trie's
  // order, with what run() gives with these masks, whatever the other masks are: bit for bit on the CPU, where removed heads are not
  // even computed; on a GPU but for rounding, since masks are evaluated side by side in larger products.
  // Memory: one hidden state per layer, times the masks side by side.
  void run_masks(const model::Batch& batch, const MaskTrie& masks, const model::Objective* objective,
                 const TakeMasks& take) const;

  // Returns, of a batch whose results are not finite, the first layer, from 0, that gives such numbers. −1: the embeddings already do;
  // the number of layers: only the logits do.
  int first_not_finite(const model::Batch& batch, const model::Gates* gates) const;

  // For rooms that walk the layers themselves (engine/network_torch.h).
  struct State;
  const State& state() const noexcept { return *state_; }

 private:
  Model(std::shared_ptr<const arch::Checkpoint> checkpoint, std::unique_ptr<State> state);
  model::RunResult run_checked(const model::Batch& batch, const RunRequest& request) const;
  std::shared_ptr<const arch::Checkpoint> checkpoint_;
  std::unique_ptr<State> state_;
};

}  // namespace hies::engine
