#include "hies/nn/run_context.h"

#include "hies/ops/gate_sums.h"
#include "hies/ops/tensors.h"

namespace hies::nn {

using model::Recorder;
using model::SiteKind;

RunContext::RunContext(const model::ModelSpec& spec, const model::Batch& batch, const model::Gates* gates, Recorder* recorder,
                       at::Device device, const ops::AttentionOptions& options)
    : spec_(spec), batch_(batch), gates_(gates), recorder_(recorder), rows_(spec, batch, device) {
  if (recorder_ != nullptr) make_tables();
  kernels_ = ops::attention_kernels(spec.layout, batch.size(), recorder_, device, options);
}

void RunContext::make_tables() {
  recorder_->layers.assign(static_cast<std::size_t>(spec_.layer_count()), {});
  for (int layer = 0; layer < spec_.layer_count(); ++layer) {
    Recorder::Layer& to = recorder_->layers[static_cast<std::size_t>(layer)];
    const int heads = spec_.layout.attention(layer).count();
    const auto size = static_cast<std::size_t>(batch_.size() * heads);
    if (recorder_->want_inner) to.inner.assign(size, 0);
    if (recorder_->want_inner) to.inner_abs.assign(size, 0);
    if (recorder_->want_entropy) to.entropy.assign(size, 0);
    if (recorder_->want_entropy) to.entropy_queries.assign(static_cast<std::size_t>(batch_.size()), 0);
    if (recorder_->want_out_sq) to.out_sq.assign(size, 0);
    const auto weights = static_cast<std::size_t>(batch_.token_count() * heads);
    if (recorder_->want_attention) to.attention_mean.assign(weights, 0);
    if (recorder_->want_attention) to.attention_asked.assign(weights, 0);
  }
}

const std::vector<double>* RunContext::gates(int layer) const { return gates_of(model::attention_site(layer)); }

at::Tensor RunContext::neuron_gates(int layer, at::ScalarType type) {
  const std::vector<double>* gates = gates_of(model::ffn_site(layer));
  if (gates == nullptr) return {};
  at::Tensor& made = neuron_gates_[layer];
  if (!made.defined())
    made = ops::to_device(at::tensor(*gates, at::TensorOptions().dtype(at::kDouble)).to(type).unsqueeze(0), rows_.device);
  return made;
}

void RunContext::record_neurons(int layer, QueryRows rows, const at::Tensor& of_gated, const at::Tensor& active) {
  const auto& offsets = rows == QueryRows::all ? batch_.offsets : rows_.asked_offsets;
  std::vector<std::int64_t> lengths;
  for (std::int64_t b = 0; b < batch_.size(); ++b) lengths.push_back(batch_.length(b));
  neuron_sums_[layer] = ops::gate_sums(of_gated, active, offsets, lengths);
  if (recorder_->want_neuron_examples) neuron_inner_[layer] = ops::gate_gradients(of_gated, active, offsets);
}

const std::vector<double>* RunContext::gates_of(model::Site site) const {
  return gates_ != nullptr && gates_->contains(site) ? &gates_->at(site) : nullptr;
}

bool RunContext::wants_first_entropy() const noexcept {
  return recorder_ != nullptr && recorder_->want_entropy && recorder_->entropy_tokens == model::EntropyTokens::first;
}

bool RunContext::wants_all_queries() const noexcept {
  if (recorder_ == nullptr) return false;
  return (recorder_->want_entropy && !wants_first_entropy()) || recorder_->want_out_sq || recorder_->want_attention;
}

const ops::RopeAngles& RunContext::angles(QueryRows rows, std::int64_t head_dim, at::ScalarType type) {
  if (!all_angles_.cosine.defined())
    all_angles_ = ops::rope_angles(spec_.rope, head_dim, rows_.positions, rows_.lengths, type, rows_.asked.device());
  if (rows == QueryRows::all) return all_angles_;
  if (!asked_angles_.cosine.defined()) asked_angles_ = all_angles_.rows(rows_.asked);
  return asked_angles_;
}

at::Tensor RunContext::rotated(at::Tensor x, QueryRows rows, std::int64_t head_dim, std::int64_t count, std::int64_t step,
                               bool back) {
  if (spec_.rope.kind == model::RopeKind::none) return x;
  return ops::rotate_(x, angles(rows, head_dim, x.scalar_type()), count, step, back);
}

void RunContext::finish() {
  kernels_->collect();
  for (const auto& [layer, sums] : neuron_sums_) {
    const at::Tensor on_host = sums.to(at::kCPU).contiguous();
    const double* values = on_host.const_data_ptr<double>();
    Recorder::Layer& to = recorder_->layers[static_cast<std::size_t>(layer)];
    to.neuron_abs.assign(values, values + on_host.size(1));
    to.neuron_sq.assign(values + on_host.size(1), values + 2 * on_host.size(1));
  }
  for (const auto& [layer, inner] : neuron_inner_) {
    const at::Tensor on_host = inner.to(at::kCPU).contiguous();
    const double* values = on_host.const_data_ptr<double>();
    recorder_->layers[static_cast<std::size_t>(layer)].neuron_inner.assign(values, values + on_host.numel());
  }
}

}  // namespace hies::nn
