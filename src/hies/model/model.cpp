#include "hies/model/model.h"

#include <algorithm>
#include <thread>

#include <ATen/Parallel.h>

#include "hies/base/error.h"
#include "hies/kernels/attention.h"
#include "hies/model/forward_torch.h"
#include "hies/model/network_torch.h"
#include "hies/model/weights_torch.h"

namespace hies::model {
namespace {

at::ScalarType scalar_type(ComputeType type) {
  switch (type) {
    case ComputeType::float32: return at::kFloat;
    case ComputeType::bfloat16: return at::kBFloat16;
    case ComputeType::float64: return at::kDouble;
  }
  return at::kFloat;
}

void check_batch(const Batch& batch, const ModelSpec& spec) {
  for (std::int64_t b = 0; b < batch.size(); ++b) {
    check(batch.length(b) > 0, "a sequence without tokens");
    if (batch.length(b) > spec.positions)
      bad_input("an example has {} tokens, but the model has {} positions", batch.length(b), spec.positions);
  }
  for (const std::int32_t token : batch.tokens)
    if (token < 0 || token >= spec.vocabulary)
      bad_input("token id {} is outside the model's vocabulary of {}", token, spec.vocabulary);
  if (spec.token_types < 2) return;  // with one row, or none, no token is looked up by its type
  for (const std::int32_t type : batch.token_types)
    if (type < 0 || type >= spec.token_types)
      bad_input("token type {} is outside the model's {} token types", type, spec.token_types);
}

void check_gates(const HeadGates& gates, const HeadLayout& layout) {
  check(gates.size() == layout.size(), "gates for another number of layers");
  for (std::size_t layer = 0; layer < gates.size(); ++layer)
    check(gates[layer].size() == layout[layer].heads.size(), "gates for another number of heads");
}

bool is_mask(const HeadGates& gates) {
  return std::all_of(gates.begin(), gates.end(), [](const std::vector<double>& row) {
    return std::all_of(row.begin(), row.end(), [](double gate) { return gate == 0 || gate == 1; });
  });
}

// gradient: of each loss by its logits [B, V], or empty.
RunResult on_host(const at::Tensor& logits, const Batch& batch, const Objective* objective, std::span<double> gradient) {
  const at::Tensor values = logits.detach().to(at::kDouble).contiguous();
  RunResult result;
  result.classes = values.size(1);
  result.logits.assign(values.const_data_ptr<double>(), values.const_data_ptr<double>() + values.numel());
  if (objective == nullptr) return result;
  result.losses.resize(static_cast<std::size_t>(batch.size()));
  objective->evaluate({result.logits, batch.examples, result.classes}, result.losses, gradient);
  return result;
}

}  // namespace

struct Model::State {
  at::ScalarType type;
  Weights weights;
  std::unique_ptr<Network> network;
};

ComputeType parse_compute_type(const std::string& name) {
  if (name == "float32") return ComputeType::float32;
  if (name == "bfloat16") return ComputeType::bfloat16;
  if (name == "float64") return ComputeType::float64;
  throw Error(ErrorKind::bad_input, fmt::format("unknown dtype '{}'", printable(name)), "known: float32, bfloat16, float64");
}

Model::Model(std::shared_ptr<const Checkpoint> checkpoint, std::unique_ptr<State> state)
    : checkpoint_(std::move(checkpoint)), state_(std::move(state)) {}
Model::~Model() = default;
Model::Model(Model&&) noexcept = default;
Model& Model::operator=(Model&&) noexcept = default;

Model Model::load(std::shared_ptr<const Checkpoint> checkpoint, ComputeType type) {
  if (!checkpoint->has_task_head())
    throw Error(ErrorKind::bad_input, fmt::format("{} has no task head", checkpoint->folder().string()),
                "fine-tune the encoder on the task first; a checkpoint of the bare encoder predicts nothing");
  for (const LayerHeads& layer : checkpoint->spec().layers)
    if (layer.head_dim > kernels::kMostHeadDim)
      unsupported("{} has heads of size {}, but attention is computed for at most {}", checkpoint->folder().string(),
                  layer.head_dim, kernels::kMostHeadDim);
  const at::NoGradGuard frozen;
  auto state = std::make_unique<State>(State{scalar_type(type), Weights(*checkpoint, scalar_type(type)), nullptr});
  state->network = checkpoint->arch().build(checkpoint->spec(), state->weights);
  return Model(std::move(checkpoint), std::move(state));
}

RunResult Model::run(const Batch& batch, const RunRequest& request) const {
  check_batch(batch, spec());
  if (request.gates != nullptr) check_gates(*request.gates, spec().layers);
  if (request.gates != nullptr && request.probe == nullptr && is_mask(*request.gates) && batch.size() > 0) {
    RunResult result;
    run_masks(batch, MaskTrie({request.gates, 1}), request.objective,
              [&result](std::span<const std::size_t>, RunResult&& only) { result = std::move(only); });
    return result;
  }
  const bool backward = request.probe != nullptr && request.probe->want_inner;
  check(!backward || request.objective != nullptr, "inner products need an objective");
  AttentionRun run(spec().layers, batch, request.gates, request.probe);
  if (batch.size() == 0) return {{}, {}, static_cast<std::int64_t>(spec().labels.size())};
  const at::AutoGradMode graph(backward);
  const at::Tensor logits = forward(*state_->network, spec().layers, batch, run);
  std::vector<double> gradient(backward ? static_cast<std::size_t>(logits.numel()) : 0);
  RunResult result = on_host(logits, batch, request.objective, gradient);
  // Examples do not interact, so one backward pass of the summed losses gives each example its own gradients.
  if (backward && logits.requires_grad()) {
    logits.backward(at::from_blob(gradient.data(), logits.sizes(), at::TensorOptions().dtype(at::kDouble)).to(state_->type));
    run.finish();
  }
  return result;
}

void Model::run_masks(const Batch& batch, const MaskTrie& masks, const Objective* objective, const TakeMasks& take) const {
  check_batch(batch, spec());
  if (batch.size() == 0) return;
  const at::NoGradGuard frozen;
  forward_masks(*state_->network, spec().layers, batch, masks, [&](const MaskTrie::Node& leaf, const at::Tensor& logits) {
    take(leaf.masks, on_host(logits, batch, objective, {}));
  });
}

void set_threads(int threads) {
  if (threads < 0) bad_input("--threads is {}, but it must be at least 0", threads);
  const int count = threads == 0 ? static_cast<int>(std::max(1u, std::thread::hardware_concurrency())) : threads;
  at::set_num_threads(count);
  kernels::set_threads(count);
}

int threads() { return at::get_num_threads(); }

}  // namespace hies::model
