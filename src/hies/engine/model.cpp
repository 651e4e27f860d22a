#include "hies/engine/model.h"

#include <algorithm>
#include <mutex>

#include "hies/base/error.h"
#include "hies/engine/batch_check.h"
#include "hies/engine/execution_scope_torch.h"
#include "hies/engine/gpu.h"
#include "hies/engine/mask_walk_torch.h"
#include "hies/engine/network_torch.h"
#include "hies/engine/random_weights_torch.h"
#include "hies/engine/weight_gradients.h"
#include "hies/engine/weights_torch.h"
#include "hies/kernels/attention.h"
#include "hies/kernels/parallel.h"
#include "hies/nn/network.h"
#include "hies/ops/offload.h"
#include "hies/ops/sample_tokens.h"
#include "hies/ops/token_loss.h"

namespace hies::engine {
namespace {

bool is_mask(const model::Gates& gates) {
  return std::all_of(gates.begin(), gates.end(), [](const auto& entry) {
    return std::all_of(entry.second.begin(), entry.second.end(), [](double gate) { return gate == 0 || gate == 1; });
  });
}

// Makes the results of a batch on the host from what the task head gave; with `gradient`, that of the summed losses by it.
class Results {
 public:
  Results(const nn::Network& network, const model::Batch& batch, const model::Objective* objective)
      : network_(network), spec_(network.spec()), batch_(batch), objective_(objective) {}

  model::RunResult take(const at::Tensor& output, at::Tensor* gradient) const {
    return spec_.problem == model::Problem::causal_lm ? of_tokens(output, gradient) : of_logits(output, gradient);
  }

 private:
  model::RunResult of_tokens(const at::Tensor& states, at::Tensor* gradient) const {
    const auto loss = objective_ == nullptr ? std::nullopt : objective_->token_loss();
    check(objective_ == nullptr || loss, "a loss that language models do not have");
    const ops::Linear& vocabulary = network_.head().vocabulary();
    const std::int64_t rows = ops::logit_rows(spec_.text.vocabulary, states.options());
    if (const auto draw = objective_ == nullptr ? std::nullopt : objective_->draw()) {
      model::Batch drawn = batch_;
      drawn.target_tokens = ops::sample_tokens(vocabulary, states, batch_, *draw, rows);
      return of_targets(vocabulary, states, drawn, loss, rows, gradient);
    }
    return of_targets(vocabulary, states, batch_, loss, rows, gradient);
  }

  model::RunResult of_targets(const ops::Linear& vocabulary, const at::Tensor& states, const model::Batch& batch,
                              std::optional<model::TokenLoss> loss, std::int64_t rows, at::Tensor* gradient) const {
    model::RunResult result = ops::token_results(vocabulary, states, batch, loss, rows, gradient);
    result.classes = spec_.text.vocabulary;
    return result;
  }

  model::RunResult of_logits(const at::Tensor& padded, at::Tensor* gradient) const {
    const at::Tensor logits = padded.narrow(0, 0, batch_.size());
    const at::Tensor values = logits.to(at::kCPU).to(at::kDouble).contiguous();
    model::RunResult result;
    result.classes = values.size(1);
    result.logits.assign(values.const_data_ptr<double>(), values.const_data_ptr<double>() + values.numel());
    if (objective_ == nullptr) return result;
    result.losses.resize(static_cast<std::size_t>(batch_.size()));
    std::vector<double> of_logits(gradient == nullptr ? 0 : result.logits.size());
    objective_->evaluate({result.logits, batch_.examples, result.classes}, result.losses, of_logits);
    if (gradient == nullptr) return result;
    const at::Tensor rows = at::zeros(padded.sizes(), at::TensorOptions().dtype(padded.scalar_type()));
    rows.narrow(0, 0, batch_.size())
        .copy_(at::from_blob(of_logits.data(), logits.sizes(), at::TensorOptions().dtype(at::kDouble)));
    *gradient = ops::to_device(rows, padded.device());
    return result;
  }

  const nn::Network& network_;
  const model::ModelSpec& spec_;
  const model::Batch& batch_;
  const model::Objective* objective_;
};

// Says what would fit where a GPU's memory is full.
template <class Work>
auto within_memory(std::int64_t tokens, const MemoryPlan& memory, const Work& work) {
  try {
    return work();
  } catch (const c10::OutOfMemoryError&) {
    throw Error(ErrorKind::bad_input, fmt::format("the GPU's memory is full: {} tokens at once need more", tokens),
                memory.hint_where_full(tokens));
  }
}

void check_head_sizes(const model::ModelSpec& spec, const std::string& name) {
  for (const auto& [site, units] : spec.layout)
    if (units.unit_size > kernels::kMaxHeadDim)
      unsupported("{} has heads of size {}, but attention is computed for at most {}", name, units.unit_size,
                  kernels::kMaxHeadDim);
}

void check_loadable(const arch::Checkpoint& checkpoint) {
  // An encoder without a task head gives hidden states.
  if (checkpoint.spec().causal && !checkpoint.has_task_head())
    throw Error(ErrorKind::bad_input, fmt::format("{} has no task head", checkpoint.folder().string()),
                checkpoint.spec().problem == model::Problem::causal_lm
                    ? "its lm_head.weight is missing, and config.json does not say tie_word_embeddings true"
                    : "fine-tune the model on the task first; a checkpoint of the bare model predicts nothing");
  check_head_sizes(checkpoint.spec(), checkpoint.folder().string());
}

ops::Linear::Keep keep_of(const MemoryPlan& memory, at::Device device) {
  ops::Linear::Keep keep{memory.keep_forward, memory.keep_backward, memory.one_copy};
  if (memory.streamed > 0) keep.offload = std::make_shared<ops::Offload>(memory.window, memory.streamed, device);
  return keep;
}

}  // namespace

struct Model::State {
  Execution execution;
  at::Device device;
  MemoryPlan memory;
  std::optional<model::ModelSpec> own_spec;  // of a model without checkpoint
  std::shared_ptr<const nn::WeightSource> weights;
  nn::Network network;

  State(const arch::Checkpoint& checkpoint, const Execution& how, const formats::TensorMap& overrides)
      : execution(how),
        device(torch_device(how.device)),
        memory(plan_memory(checkpoint.spec(), how)),
        weights(
            std::make_shared<CheckpointWeights>(checkpoint, torch_type(how.type), keep_of(memory, device), device, overrides)),
        network(checkpoint.spec(), *weights) {}
  State(model::ModelSpec spec, const Execution& how, RandomWeights& random)
      : execution(how),
        device(torch_device(how.device)),
        memory(plan_memory(spec, how)),
        own_spec(std::move(spec)),
        network(*own_spec, random.of(*own_spec)) {}
  ops::AttentionOptions attention() const { return {execution.deterministic, execution.tf32}; }
};

Model::Model(std::shared_ptr<const arch::Checkpoint> checkpoint, std::unique_ptr<State> state)
    : checkpoint_(std::move(checkpoint)), state_(std::move(state)) {}
Model::~Model() = default;
Model::Model(Model&&) noexcept = default;
Model& Model::operator=(Model&&) noexcept = default;

Model Model::load(std::shared_ptr<const arch::Checkpoint> checkpoint, const ExecutionOptions& options,
                  const formats::TensorMap& overrides) {
  const Execution execution = resolve(options);
  check_loadable(*checkpoint);
  open_device(execution.device);
  kernels::wait_asleep();
  const ExecutionScope scope(execution);
  auto state = std::make_unique<State>(*checkpoint, execution, overrides);
  return Model(std::move(checkpoint), std::move(state));
}

std::vector<Model> Model::with_random_weights(std::vector<model::ModelSpec> specs, const ExecutionOptions& options) {
  const Execution execution = resolve(options);
  open_device(execution.device);
  kernels::wait_asleep();
  const ExecutionScope scope(execution);
  RandomWeights weights(torch_type(execution.type), torch_device(execution.device));
  std::vector<Model> models;
  for (model::ModelSpec& spec : specs) {
    check_head_sizes(spec, "the model");
    models.push_back(Model(nullptr, std::make_unique<State>(std::move(spec), execution, weights)));
  }
  return models;
}

model::RunResult Model::run(const model::Batch& batch, const RunRequest& request) const {
  const ExecutionScope scope(state_->execution);
  check_batch(batch, spec());
  return within_memory(batch.token_count(), state_->memory, [&] { return run_checked(batch, request); });
}

model::RunResult Model::run_checked(const model::Batch& batch, const RunRequest& request) const {
  if (request.gates != nullptr) check_gates(*request.gates, spec().layout);
  if (request.gates != nullptr && request.recorder == nullptr && is_mask(*request.gates) && batch.size() > 0) {
    const model::UnitSet mask = model::removed_by(*request.gates, spec().layout);
    model::RunResult result;
    run_masks(batch, MaskTrie({&mask, 1}, spec().layout), request.objective,
              [&result](std::span<const std::size_t>, model::RunResult&& only) { result = std::move(only); });
    return result;
  }
  const bool backward = request.recorder != nullptr && request.recorder->want_inner;
  check(!backward || request.objective != nullptr, "inner products need an objective");
  check(request.recorder == nullptr || batch.continues.empty(), "a recorder of sequences that continue others");
  nn::RunContext run(spec(), batch, request.gates, request.recorder, state_->device, state_->attention());
  check(backward || request.gradients == nullptr, "gradients of weights need a backward pass");
  if (request.gradients != nullptr) run.set_gradients(&request.gradients->sink());
  model::RunResult result;
  result.classes = spec().outputs();
  if (batch.size() == 0) return result;
  const Results results(state_->network, batch, request.objective);
  if (!backward) {
    result = results.take(state_->network.forward(run), nullptr);
    run.finish();
    return result;
  }
  // Examples do not interact, so one backward pass of the summed losses gives each example its own gradients.
  const ops::Linear::BothDirections both;
  const int at_once = state_->memory.layers_at_once(batch.token_count(), spec().layer_count());
  state_->network.forward_backward(run, at_once, [&](const at::Tensor& output) {
    at::Tensor gradient;
    result = results.take(output, &gradient);
    return gradient;
  });
  run.finish();
  return result;
}

void Model::run_masks(const model::Batch& batch, const MaskTrie& masks, const model::Objective* objective,
                      const TakeMasks& take) const {
  const ExecutionScope scope(state_->execution);
  check_batch(batch, spec());
  if (batch.size() == 0) return;
  const Results results(state_->network, batch, objective);
  const TakeLeaf take_leaf = [&](const MaskTrie::Node& leaf, const at::Tensor& output) {
    take(leaf.masks, results.take(output, nullptr));
  };
  within_memory(batch.token_count(), state_->memory, [&] {
    if (state_->device.is_cpu()) {
      walk_masks(state_->network, batch, masks, take_leaf);
      return;
    }
    walk_masks_batched(state_->network, batch, masks, state_->device, state_->attention(),
                       state_->memory.masks_at_once(batch.token_count()), take_leaf);
  });
}

int Model::first_not_finite(const model::Batch& batch, const model::Gates* gates) const {
  const ExecutionScope scope(state_->execution);
  nn::RunContext run(spec(), batch, gates, nullptr, state_->device, state_->attention());
  return within_memory(batch.token_count(), state_->memory, [&] { return state_->network.first_not_finite(run); });
}

const nn::Network& network_of(const Model& model) { return model.state().network; }
at::Device device_of(const Model& model) { return model.state().device; }
ops::AttentionOptions attention_options(const Model& model) { return model.state().attention(); }

const model::ModelSpec& Model::spec() const noexcept { return state_->network.spec(); }
const MemoryPlan& Model::memory() const noexcept { return state_->memory; }
const Execution& Model::execution() const noexcept { return state_->execution; }

}  // namespace hies::engine
