#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "hies/base/progress.h"
#include "hies/data/dataset.h"
#include "hies/engine/mask_divergence.h"
#include "hies/engine/model.h"
#include "hies/eval/many_masks.h"

namespace hies::eval {

// Returns what a divergence is called: "KL" (in nats) of classes and tokens, "squared difference" of numbers, "1 − cosine" of pooled
// states.
std::string_view divergence_name(model::Problem problem) noexcept;

// How far a model's answers to a data set are from what it answers unmasked, mask after mask (engine/mask_divergence.h): the mean over
// examples, of language models over target tokens. No labels are read, but for the right choices of questions, which are judged as
// windows.
class Divergence {
 public:
  // Runs the data set once without a mask. `model` outlives it. Throws bad_input for an empty data set and batch_tokens below 1, and
  // where an unmasked answer is not finite.
  Divergence(const engine::Model& model, const data::Dataset& dataset, std::int64_t batch_tokens,
             Progress& progress = silent_progress());
  Divergence(const Divergence&) = delete;
  Divergence& operator=(const Divergence&) = delete;

  // Returns the divergence of each mask. What the masks have in common is computed once. `trunk`: what most of them remove, and those of
  // further calls; on the CPU its states are kept where they fit into memory. Null: nothing is kept. Progress is advanced by one for each distinct mask and
  // batch. Throws bad_input that names row and layer where an answer is not finite.
  std::vector<double> of(std::span<const model::UnitSet> masks, const model::UnitSet* trunk, Progress& progress);
  const MaskStats& stats() const noexcept { return stats_; }
  // Returns how many answers are compared: examples, or target tokens.
  std::int64_t answers() const noexcept { return answers_; }
  std::int64_t batch_count() const noexcept { return static_cast<std::int64_t>(batches_.size()); }

 private:
  [[noreturn]] void refuse(const model::Batch& batch, const model::UnitSet& mask) const;

  const engine::Model& model_;
  data::Dataset dataset_;
  std::vector<model::Batch> batches_;
  std::vector<engine::MaskDivergence> of_batch_;
  std::int64_t answers_ = 0;
  MaskStats stats_;
};

}  // namespace hies::eval
