#include "hies/model/model.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include <ATen/Parallel.h>

#include "hies/base/error.h"
#include "hies/kernels/attention.h"
#include "hies/model/device.h"
#include "hies/model/device_torch.h"
#include "hies/model/forward_torch.h"
#include "hies/model/mask_walk_torch.h"
#include "hies/model/network_torch.h"
#include "hies/model/offload_torch.h"
#include "hies/model/token_loss_torch.h"
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

void check_continuations(const Batch& batch, const ModelSpec& spec) {
  if (batch.continues.empty()) return;
  check(spec.causal && std::ssize(batch.continues) == batch.size(), "continuations that no decoder can read");
  for (std::int64_t b = 0; b < batch.size(); ++b) {
    const std::int64_t before = batch.continues[b];
    check(before < b && (before < 0 || batch.continues[before] < 0), "a sequence continues one that is no beginning");
  }
}

void check_vocabulary(std::span<const std::int32_t> tokens, const ModelSpec& spec) {
  for (const std::int32_t token : tokens)
    if (token < 0 || token >= spec.vocabulary)
      bad_input("token id {} is outside the model's vocabulary of {}", token, spec.vocabulary);
}

void check_targets(const Batch& batch, const ModelSpec& spec) {
  const auto& rows = batch.target_rows;
  check(rows.size() == batch.target_tokens.size() && std::is_sorted(rows.begin(), rows.end()), "target rows out of order");
  check(rows.empty() || (rows.front() >= 0 && rows.back() < batch.token_count()), "a target row outside the batch");
  check_vocabulary(batch.target_tokens, spec);
}

void check_images(const Batch& batch, const ModelSpec& spec) {
  check(std::ssize(batch.images) == batch.size(), "a batch of some images and some texts");
  if (batch.images.empty()) return;
  const ImageLoader& source = *batch.images.front().from;
  const ImageLoader::Shape shape = source.shape();
  const VisionSpec& vision = spec.vision;
  if (shape.channels != vision.channels)
    bad_input("images have {} channels, but the model reads {}", shape.channels, vision.channels);
  if (shape.height < vision.patch_height || shape.width < vision.patch_width)
    bad_input("images of {}×{} pixels are smaller than the model's patches of {}×{}", shape.height, shape.width,
              vision.patch_height, vision.patch_width);
  for (std::int64_t b = 0; b < batch.size(); ++b) {
    check(batch.images[b].from.get() == &source, "images of several sources in a batch");
    check(batch.length(b) == vision.tokens(shape.height, shape.width), "an image with another number of tokens");
  }
}

void check_batch(const Batch& batch, const ModelSpec& spec) {
  if (spec.reads_images()) return check_images(batch, spec);
  check(batch.images.empty(), "images for a model that reads texts");
  check_continuations(batch, spec);
  for (std::int64_t b = 0; b < batch.size(); ++b) {
    check(batch.length(b) > 0, "a sequence without tokens");
    if (const std::int64_t tokens = batch.tokens_before(b) + batch.length(b); tokens > spec.positions)
      bad_input("an example has {} tokens, but the model has {} positions", tokens, spec.positions);
  }
  check_vocabulary(batch.tokens, spec);
  if (spec.problem == Problem::causal_lm) check_targets(batch, spec);
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

std::atomic<std::uint64_t>& memory_budget() {
  static std::atomic<std::uint64_t> bytes{0};
  return bytes;
}

std::int64_t class_count(const ModelSpec& spec) {
  return spec.problem == Problem::causal_lm ? spec.vocabulary : std::ssize(spec.labels);
}

// The results of a batch on the host, from what the task head gave; with `gradient`, that of the summed losses by it.
class Results {
 public:
  Results(const Network& network, const ModelSpec& spec, const Batch& batch, const Objective* objective)
      : network_(network), spec_(spec), batch_(batch), objective_(objective) {}

  RunResult take(const at::Tensor& output, at::Tensor* gradient) const {
    return spec_.problem == Problem::causal_lm ? of_tokens(output.detach(), gradient) : of_logits(output.detach(), gradient);
  }

 private:
  RunResult of_tokens(const at::Tensor& states, at::Tensor* gradient) const {
    const at::NoGradGuard frozen;
    const auto loss = objective_ == nullptr ? std::nullopt : objective_->token_loss();
    check(objective_ == nullptr || loss, "a loss that language models do not have");
    RunResult result =
        token_results(*network_.vocabulary(), states, batch_, loss, logit_rows(spec_.vocabulary, states.options()), gradient);
    result.classes = spec_.vocabulary;
    return result;
  }

  RunResult of_logits(const at::Tensor& padded, at::Tensor* gradient) const {
    const at::Tensor logits = padded.narrow(0, 0, batch_.size());
    const at::Tensor values = logits.to(at::kCPU).to(at::kDouble).contiguous();
    RunResult result;
    result.classes = values.size(1);
    result.logits.assign(values.const_data_ptr<double>(), values.const_data_ptr<double>() + values.numel());
    if (objective_ == nullptr) return result;
    result.losses.resize(static_cast<std::size_t>(batch_.size()));
    std::vector<double> slopes(gradient == nullptr ? 0 : result.logits.size());
    objective_->evaluate({result.logits, batch_.examples, result.classes}, result.losses, slopes);
    if (gradient == nullptr) return result;
    const at::Tensor rows = at::zeros(padded.sizes(), at::TensorOptions().dtype(padded.scalar_type()));
    rows.narrow(0, 0, batch_.size()).copy_(at::from_blob(slopes.data(), logits.sizes(), at::TensorOptions().dtype(at::kDouble)));
    *gradient = brought(rows, padded.device());
    return result;
  }

  const Network& network_;
  const ModelSpec& spec_;
  const Batch& batch_;
  const Objective* objective_;
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

}  // namespace

struct Model::State {
  at::ScalarType type;
  at::Device device;
  MemoryPlan memory;
  Weights weights;
  std::unique_ptr<Network> network;
};

ComputeType parse_compute_type(const std::string& name) {
  if (name == "float32" || name == "tf32") return ComputeType::float32;
  if (name == "bfloat16") return ComputeType::bfloat16;
  if (name == "float64") return ComputeType::float64;
  throw Error(ErrorKind::bad_input, fmt::format("unknown dtype '{}'", printable(name)),
              "known: float32, bfloat16, float64, tf32");
}

Model::Model(std::shared_ptr<const Checkpoint> checkpoint, std::unique_ptr<State> state)
    : checkpoint_(std::move(checkpoint)), state_(std::move(state)) {}
Model::~Model() = default;
Model::Model(Model&&) noexcept = default;
Model& Model::operator=(Model&&) noexcept = default;

Model Model::load(std::shared_ptr<const Checkpoint> checkpoint, ComputeType type) {
  if (!checkpoint->has_task_head())
    throw Error(ErrorKind::bad_input, fmt::format("{} has no task head", checkpoint->folder().string()),
                checkpoint->spec().problem == Problem::causal_lm
                    ? "its lm_head.weight is missing, and config.json does not say tie_word_embeddings true"
                    : "fine-tune the model on the task first; a checkpoint of the bare model predicts nothing");
  for (const LayerHeads& layer : checkpoint->spec().layers)
    if (layer.head_dim > kernels::kMaxHeadDim)
      unsupported("{} has heads of size {}, but attention is computed for at most {}", checkpoint->folder().string(),
                  layer.head_dim, kernels::kMaxHeadDim);
  if (on_gpu()) check_gpu_computes(type);
  const at::NoGradGuard frozen;
  const MemoryPlan memory = plan_memory(checkpoint->arch(), checkpoint->spec(), type, memory_budget());
  Linear::Keep keep{memory.keep_forward, memory.keep_backward, memory.one_copy};
  if (memory.streamed > 0) keep.offload = std::make_shared<Offload>(memory.window, memory.streamed, compute_device());
  Weights weights(*checkpoint, scalar_type(type), std::move(keep), compute_device());
  auto state = std::make_unique<State>(State{scalar_type(type), compute_device(), memory, std::move(weights), nullptr});
  state->network = checkpoint->arch().build(checkpoint->spec(), state->weights);
  return Model(std::move(checkpoint), std::move(state));
}

RunResult Model::run(const Batch& batch, const RunRequest& request) const {
  check_batch(batch, spec());
  return within_memory(batch.token_count(), state_->memory, [&] { return run_checked(batch, request); });
}

RunResult Model::run_checked(const Batch& batch, const RunRequest& request) const {
  if (request.gates != nullptr) check_gates(*request.gates, spec().layers);
  if (request.gates != nullptr && request.probe == nullptr && is_mask(*request.gates) && batch.size() > 0) {
    RunResult result;
    run_masks(batch, MaskTrie({request.gates, 1}), request.objective,
              [&result](std::span<const std::size_t>, RunResult&& only) { result = std::move(only); });
    return result;
  }
  const bool backward = request.probe != nullptr && request.probe->want_inner;
  check(!backward || request.objective != nullptr, "inner products need an objective");
  check(request.probe == nullptr || batch.continues.empty(), "a probe of sequences that continue others");
  AttentionRun run(spec(), batch, request.gates, request.probe, state_->device);
  if (batch.size() == 0) {
    RunResult nothing;
    nothing.classes = class_count(spec());
    return nothing;
  }
  const Results results(*state_->network, spec(), batch, request.objective);
  const at::AutoGradMode graph(backward);
  if (!backward) {
    RunResult result = results.take(forward(*state_->network, spec().layers, batch, run), nullptr);
    run.finish();
    return result;
  }
  // Examples do not interact, so one backward pass of the summed losses gives each example its own gradients.
  RunResult result;
  const Linear::BothDirections both;
  forward_backward(*state_->network, spec().layers, batch, run,
                   state_->memory.layers_at_once(batch.token_count(), spec().layer_count()), [&](const at::Tensor& output) {
                     at::Tensor gradient;
                     result = results.take(output, &gradient);
                     return gradient;
                   });
  run.finish();
  return result;
}

void Model::run_masks(const Batch& batch, const MaskTrie& masks, const Objective* objective, const TakeMasks& take) const {
  check_batch(batch, spec());
  if (batch.size() == 0) return;
  const at::NoGradGuard frozen;
  const Results results(*state_->network, spec(), batch, objective);
  const TakeLeaf take_leaf = [&](const MaskTrie::Node& leaf, const at::Tensor& output) {
    take(leaf.masks, results.take(output, nullptr));
  };
  within_memory(batch.token_count(), state_->memory, [&] {
    if (state_->device.is_cpu()) return walk_masks(*state_->network, spec(), batch, masks, take_leaf);
    walk_masks_on_gpu(*state_->network, spec(), batch, masks, state_->device, state_->memory.masks_at_once(batch.token_count()),
                      take_leaf);
  });
}

int Model::first_not_finite(const Batch& batch, const HeadGates* gates) const {
  const at::NoGradGuard frozen;
  AttentionRun run(spec(), batch, gates, nullptr, state_->device);
  return within_memory(batch.token_count(), state_->memory,
                       [&] { return model::first_not_finite(*state_->network, spec().layers, batch, run); });
}

const MemoryPlan& Model::memory() const noexcept { return state_->memory; }

void set_memory(std::uint64_t bytes) { memory_budget() = bytes; }

void set_threads(int threads) {
  if (threads < 0) bad_input("--threads is {}, but it must be at least 0", threads);
  const int count = threads == 0 ? static_cast<int>(std::max(1u, std::thread::hardware_concurrency())) : threads;
  at::set_num_threads(count);
  kernels::set_threads(count);
}

int threads() { return at::get_num_threads(); }

}  // namespace hies::model
