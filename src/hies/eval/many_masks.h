#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "hies/base/progress.h"
#include "hies/data/dataset.h"
#include "hies/data/packing.h"
#include "hies/engine/model.h"
#include "hies/eval/predict.h"
#include "hies/model/layout.h"
#include "hies/model/objective.h"

namespace hies::eval {

// How much evaluating many masks takes. A layer evaluation is one layer applied to every example of a data set, for all the masks
// that agree up to and including this layer.
struct MaskStats {
  std::int64_t masks = 0;           // given
  std::int64_t distinct = 0;        // of these, evaluated
  std::int64_t layers_done = 0;     // layer evaluations
  std::int64_t layers_avoided = 0;  // that one evaluation per given mask would take more: masks · L − layers_done

  void add(const MaskStats& more);
};

struct ManyMasksOptions {
  std::int64_t batch_tokens = data::kBatchTokens;
  // Distinct masks whose answers are held, and delivered, together: more of them share a little more work, fewer lose less when
  // the caller is killed. At least 1.
  std::int64_t masks_at_once = 32;
};

// What predict_masks() would do, without doing it.
MaskStats count_mask_work(std::span<const model::UnitSet> masks, const model::Layout& layout, std::int64_t masks_at_once);

// Takes what the model answers under one mask: `masks` are the places, ascending, of the given masks that are this one.
using MaskSink = std::function<void(std::span<const std::size_t> masks, Predictions predictions)>;

// predict() for every mask of `masks` (sets of removed units), with all the work that they have in
// common done once: equal masks, the layers up to the first in which two masks differ, and in that layer the output of every head
// that both keep. Heads with gate 0 are not computed. The sink is called from this thread, once per distinct mask, in an order
// that depends on the set of masks only. What it is given equals predict()'s of that mask bit for bit, whatever the company
// and masks_at_once (for the same batch_tokens and threads).
// Memory: one hidden state per layer of a batch, and the answers to masks_at_once masks.
// `objective` null: no losses. Progress counts answers: distinct masks × examples. Throws what predict() throws, at the first mask
// whose logits are not finite; masks delivered before stay delivered, as they do when progress is cancelled or the sink throws.
MaskStats predict_masks(const engine::Model& model, const data::Dataset& dataset, std::span<const model::UnitSet> masks,
                        const model::Objective* objective, const ManyMasksOptions& options, const MaskSink& sink,
                        Progress& progress = silent_progress());

}  // namespace hies::eval
