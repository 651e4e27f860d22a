#include "hies/eval/divergence.h"

#include <algorithm>
#include <cmath>

#include "hies/base/error.h"
#include "hies/data/finite.h"
#include "hies/engine/mask_trie.h"

namespace hies::eval {
namespace {

// Whether the states of one mask, a state and head outputs for each layer, take at most a quarter of the memory that may be used.
bool states_fit(const engine::Model& model, std::int64_t tokens) {
  std::int64_t numbers = 0;
  for (const model::Site site : model.spec().layout.sites(model::SiteKind::attention))
    numbers += model.spec().hidden + model.spec().layout.at(site).width();
  const auto bytes = static_cast<double>(numbers * tokens * engine::bytes_of(model.execution().type));
  return bytes <= static_cast<double>(model.memory().budget) / 4;
}

}  // namespace

std::string_view divergence_name(model::Problem problem) noexcept {
  switch (problem) {
    case model::Problem::regression: return "squared difference";
    case model::Problem::hidden_states: return "1 − cosine";
    case model::Problem::classification:
    case model::Problem::causal_lm: break;
  }
  return "KL";
}

Divergence::Divergence(const engine::Model& model, const data::Dataset& dataset, std::int64_t batch_tokens, Progress& progress)
    : model_(model), dataset_(data::right_answers_only(dataset)), batches_(data::pack(dataset_, batch_tokens)) {
  if (dataset_.size() == 0) bad_input("{}: no rows to compare answers on", dataset_.source.string());
  const bool keep_states = states_fit(model, dataset_.token_count());
  progress.begin("unmasked answers", batch_count(), "batches");
  for (const model::Batch& batch : batches_) {
    of_batch_.emplace_back(model, batch, keep_states);
    answers_ += of_batch_.back().answers();
    progress.advance(1);
  }
  progress.end();
}

std::vector<double> Divergence::of(std::span<const model::UnitSet> masks, const model::UnitSet* trunk, Progress& progress) {
  if (masks.empty()) return {};
  const engine::MaskTrie trie(masks, model_.spec().layout);
  const std::vector<std::vector<std::size_t>> leaves = trie.leaves();
  std::vector<double> sums(leaves.size(), 0);
  std::int64_t computed = 0;
  for (std::size_t b = 0; b < batches_.size(); ++b) {
    const std::int64_t before = of_batch_[b].layers_computed();
    const std::vector<double> more = of_batch_[b].sums(trie, trunk);
    computed += of_batch_[b].layers_computed() - before;
    for (std::size_t i = 0; i < leaves.size(); ++i) {
      if (!std::isfinite(more[i])) refuse(batches_[b], masks[leaves[i].front()]);
      sums[i] += more[i];
    }
    progress.advance(static_cast<std::int64_t>(leaves.size()));
  }
  std::vector<double> divergences(masks.size());
  for (std::size_t i = 0; i < leaves.size(); ++i)
    for (const std::size_t mask : leaves[i]) divergences[mask] = sums[i] / static_cast<double>(answers_);
  // Every batch computes the same layers.
  const std::int64_t layers = computed / batch_count();
  stats_.add({std::ssize(masks), std::ssize(leaves), layers, std::ssize(masks) * model_.spec().layout.layer_count() - layers});
  return divergences;
}

void Divergence::refuse(const model::Batch& batch, const model::UnitSet& mask) const {
  const model::Gates gates = model::gates_without(mask, model_.spec().layout);
  data::check_finite(model_, batch, &gates, model_.run(batch, {.gates = &gates, .objective = nullptr, .recorder = nullptr}),
                     dataset_);
  throw Error(ErrorKind::bad_input,
              fmt::format("{}: the divergence from the unmasked model's answers is not finite, though all answers are",
                          dataset_.source.string()),
              "try `dtype` float64");
}

}  // namespace hies::eval
