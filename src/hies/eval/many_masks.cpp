#include "hies/eval/many_masks.h"

#include <algorithm>

#include "hies/base/error.h"
#include "hies/data/finite.h"
#include "hies/engine/mask_trie.h"
#include "hies/eval/collect.h"

namespace hies::eval {
namespace {

// Distinct masks that are evaluated together: neighbours in the trie of all, which have most in common.
struct Group {
  std::vector<std::vector<std::size_t>> places;  // of each distinct mask, in the caller's list
  std::vector<model::UnitSet> masks;             // each once
};

std::vector<Group> group(std::span<const model::UnitSet> masks, const model::Layout& layout, std::int64_t masks_at_once) {
  if (masks_at_once < 1) bad_input("masks at once is {}, but it must be at least 1", masks_at_once);
  std::vector<Group> groups;
  for (auto& places : engine::MaskTrie(masks, layout).leaves()) {
    if (groups.empty() || std::ssize(groups.back().masks) == masks_at_once) groups.emplace_back();
    groups.back().masks.push_back(masks[places.front()]);
    groups.back().places.push_back(std::move(places));
  }
  return groups;
}

MaskStats stats_of(std::span<const model::UnitSet> masks, const model::Layout& layout, const std::vector<Group>& groups) {
  MaskStats stats;
  stats.masks = std::ssize(masks);
  for (const Group& group : groups) {
    stats.distinct += std::ssize(group.masks);
    stats.layers_done += engine::MaskTrie(group.masks, layout).node_count();
  }
  stats.layers_avoided = stats.masks * layout.layer_count() - stats.layers_done;
  return stats;
}

}  // namespace

void MaskStats::add(const MaskStats& more) {
  masks += more.masks;
  distinct += more.distinct;
  layers_done += more.layers_done;
  layers_avoided += more.layers_avoided;
}

MaskStats count_mask_work(std::span<const model::UnitSet> masks, const model::Layout& layout, std::int64_t masks_at_once) {
  return stats_of(masks, layout, group(masks, layout, masks_at_once));
}

MaskStats predict_masks(const engine::Model& model, const data::Dataset& dataset, std::span<const model::UnitSet> masks,
                        const model::Objective* objective, const ManyMasksOptions& options, const MaskSink& sink,
                        Progress& progress) {
  const model::Layout& layout = model.spec().layout;
  const std::vector<Group> groups = group(masks, layout, options.masks_at_once);
  const MaskStats stats = stats_of(masks, layout, groups);
  const std::vector<model::Batch> batches = data::pack(dataset, options.batch_tokens);
  progress.begin("predict", stats.distinct * dataset.size(), "answers");
  for (const Group& group : groups) {
    const engine::MaskTrie trie(group.masks, layout);
    std::vector<Predictions> predictions(group.masks.size(), unfilled(model.spec(), dataset, objective != nullptr));
    for (const model::Batch& batch : batches) {
      model.run_masks(batch, trie, objective, [&](std::span<const std::size_t> which, model::RunResult&& result) {
        const model::Gates gates = model::gates_without(group.masks[which.front()], layout);
        data::check_finite(model, batch, &gates, result, dataset);
        collect(result, batch, dataset, model.spec().problem, predictions[which.front()]);
        progress.advance(data::example_count(batch));
      });
    }
    for (std::size_t i = 0; i < predictions.size(); ++i) sink(group.places[i], std::move(predictions[i]));
  }
  progress.end();
  return stats;
}

}  // namespace hies::eval
