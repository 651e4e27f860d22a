#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "hies/model/batch.h"
#include "hies/model/checkpoint.h"
#include "hies/model/compute_type.h"
#include "hies/model/heads.h"
#include "hies/model/mask_trie.h"
#include "hies/model/memory.h"
#include "hies/model/objective.h"
#include "hies/model/probe.h"

namespace hies::model {

struct RunRequest {
  const HeadGates* gates = nullptr;      // null: all 1
  const Objective* objective = nullptr;  // null: no losses
  AttentionProbe* probe = nullptr;       // null: nothing noted. want_inner runs a backward pass
};

struct RunResult {
  std::vector<double> logits;  // [B, V]; empty for a language model
  std::vector<double> losses;  // [B], empty without objective; of a sequence without targets: 0
  std::int64_t classes = 0;    // V
  // Language models: of each target row of the batch, ln p of its target token and the most likely token (the lowest id of equals).
  std::vector<double> log_probabilities;  // [R]
  std::vector<std::int32_t> top_tokens;   // [R]
};

// Takes what one mask of many gives: `masks` are the places of all the given masks that are this one.
using TakeMasks = std::function<void(std::span<const std::size_t> masks, RunResult&& result)>;

// A checkpoint in memory, ready to run. Weights are frozen: no gradient of a weight is ever computed.
// Run from one thread at a time; inside, work is spread over set_threads() threads.
class Model {
 public:
  // Onto the device of set_device(). Reads the weights (NaN or Inf: bad_input), float32 on disk and float32 computation share the mapped file.
  // Throws bad_input when the checkpoint has no task head or a GPU too little memory, unsupported for heads too large for the kernels
  // and for float64 on a GPU.
  static Model load(std::shared_ptr<const Checkpoint> checkpoint, ComputeType type = ComputeType::float32);
  ~Model();
  Model(Model&&) noexcept;
  Model& operator=(Model&&) noexcept;

  const Checkpoint& checkpoint() const noexcept { return *checkpoint_; }
  const ModelSpec& spec() const noexcept { return checkpoint_->spec(); }
  const MemoryPlan& memory() const noexcept;

  // One forward pass over the batch, and one backward pass when the probe wants inner products.
  // Throws bad_input for token ids outside the vocabulary, token types that the model does not have, and sequences longer than the positions.
  RunResult run(const Batch& batch, const RunRequest& request = {}) const;

  // One forward pass for each node of the trie instead of one for each mask: calls `take` once per distinct mask, in the trie's
  // order, with what run() gives with these gates, whatever the other masks are: bit for bit on the CPU, where heads with gate 0 are
  // not computed; on a GPU up to rounding.
  void run_masks(const Batch& batch, const MaskTrie& masks, const Objective* objective, const TakeMasks& take) const;

  // Of a batch whose results are not finite: the first layer, from 0, that gives such numbers. −1: the embeddings already are such; the
  // number of layers: only the logits.
  int first_not_finite(const Batch& batch, const HeadGates* gates) const;

 private:
  struct State;
  RunResult run_checked(const Batch& batch, const RunRequest& request) const;
  Model(std::shared_ptr<const Checkpoint> checkpoint, std::unique_ptr<State> state);
  std::shared_ptr<const Checkpoint> checkpoint_;
  std::unique_ptr<State> state_;
};

// Bytes that models loaded from now on may use; 0: four fifths of the machine's memory.
void set_memory(std::uint64_t bytes);

// Threads of every parallel region; 0: as many as there are cores.
void set_threads(int threads);
int threads();

}  // namespace hies::model
