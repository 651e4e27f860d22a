#include "hies/nn/run_context.h"

namespace hies::nn {

using model::AttentionRecorder;
using model::SiteKind;

RunContext::RunContext(const model::ModelSpec& spec, const model::Batch& batch, const model::Gates* gates,
                       AttentionRecorder* recorder, at::Device device, const ops::AttentionOptions& options)
    : spec_(spec), batch_(batch), gates_(gates), recorder_(recorder), rows_(spec, batch, device) {
  if (recorder_ != nullptr) make_tables();
  kernels_ = ops::attention_kernels(spec.layout, batch.size(), recorder_, device, options);
}

void RunContext::make_tables() {
  recorder_->layers.assign(static_cast<std::size_t>(spec_.layer_count()), {});
  for (int layer = 0; layer < spec_.layer_count(); ++layer) {
    AttentionRecorder::Layer& to = recorder_->layers[static_cast<std::size_t>(layer)];
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

const std::vector<double>* RunContext::gates(int layer) const {
  const model::Site site = model::attention_site(layer);
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

void RunContext::finish() { kernels_->collect(); }

}  // namespace hies::nn
