#include "hies/engine/mask_divergence.h"

#include <optional>

#include "hies/engine/batch_check.h"
#include "hies/engine/execution_scope_torch.h"
#include "hies/engine/mask_walk_torch.h"
#include "hies/engine/network_torch.h"
#include "hies/ops/divergence.h"

namespace hies::engine {
namespace {

at::Tensor divergences(const nn::Network& network, const at::Tensor& unmasked, const at::Tensor& masked) {
  switch (network.spec().problem) {
    case model::Problem::causal_lm: return ops::token_kl_divergence(network.head().vocabulary(), unmasked, masked);
    case model::Problem::classification: return ops::kl_divergence(unmasked, masked);
    case model::Problem::regression: return ops::squared_difference(unmasked, masked);
    case model::Problem::hidden_states: break;
  }
  return ops::cosine_distance(unmasked, masked);
}

}  // namespace

struct MaskDivergence::State {
  const Model& model;
  const model::Batch& batch;
  std::int64_t answers = 0, layers = 0;
  at::Tensor unmasked;               // [answers, V or E]
  std::optional<TrunkStates> trunk;  // on the CPU, where states are kept
};

MaskDivergence::MaskDivergence(const Model& model, const model::Batch& batch, bool keep_states)
    : state_(std::make_unique<State>(State{.model = model, .batch = batch, .unmasked = {}, .trunk = {}})) {
  const ExecutionScope scope(model.execution());
  check_batch(batch, model.spec());
  const nn::Network& network = network_of(model);
  state_->answers = network.head().answers(batch);
  if (keep_states && device_of(model).is_cpu()) state_->trunk.emplace(model.spec().layer_count());
  // As sums() runs masks, so that removing nothing gives exactly 0.
  const model::UnitSet nothing;
  const TakeLeaf take = [this](const MaskTrie::Node&, const at::Tensor& result) {
    state_->unmasked = result.narrow(0, 0, state_->answers).clone();
  };
  const MaskTrie trie({&nothing, 1}, model.spec().layout);
  if (device_of(model).is_cpu()) walk_masks(network, batch, trie, take);
  else walk_masks_batched(network, batch, trie, device_of(model), attention_options(model), 1, take);
}

MaskDivergence::~MaskDivergence() = default;
MaskDivergence::MaskDivergence(MaskDivergence&&) noexcept = default;
MaskDivergence& MaskDivergence::operator=(MaskDivergence&&) noexcept = default;

std::vector<double> MaskDivergence::sums(const MaskTrie& masks, const model::UnitSet* trunk) {
  const ExecutionScope scope(state_->model.execution());
  const nn::Network& network = network_of(state_->model);
  std::vector<double> sums;
  const TakeLeaf take = [&](const MaskTrie::Node&, const at::Tensor& result) {
    sums.push_back(divergences(network, state_->unmasked, result.narrow(0, 0, state_->answers)).sum().item<double>());
  };
  if (device_of(state_->model).is_cpu()) {
    TrunkStates* const kept = trunk != nullptr && state_->trunk ? &*state_->trunk : nullptr;
    if (kept != nullptr) kept->move_to(*trunk);
    state_->layers += walk_masks(network, state_->batch, masks, take, kept);
    return sums;
  }
  walk_masks_batched(network, state_->batch, masks, device_of(state_->model), attention_options(state_->model),
                     state_->model.memory().masks_at_once(state_->batch.token_count()), take);
  state_->layers += masks.node_count();
  return sums;
}

std::int64_t MaskDivergence::answers() const noexcept { return state_->answers; }
std::int64_t MaskDivergence::layers_computed() const noexcept { return state_->layers; }

}  // namespace hies::engine
