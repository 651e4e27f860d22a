#include "hies/baseline/walk_torch.h"
#include "hies/data/packing.h"
#include "hies/prune/remaining.h"
#include "hies/refit/divergence_torch.h"

namespace hies::baseline {
namespace {

refit::Affine to(const refit::Affine& affine, at::Device device) {
  return {affine.matrix.to(device), affine.bias.defined() ? affine.bias.to(device) : at::Tensor()};
}

const model::Layout& layout_of(const Work& work) { return work.model.spec().layout; }

}  // namespace

Walk::Walk(const Work& work, std::string_view stage, Progress& progress)
    : work_(work),
      progress_(progress),
      fitted_(data::right_answers_only(work.fitted)),
      heldout_(data::right_answers_only(work.heldout)),
      streams_(work.model, none_, fitted_, heldout_, 2, data::kBatchTokens) {
  if (fitted_.size() == 0) bad_input("{}: no rows to fit with", work.fitted.source.string());
  progress_.begin(stage, 2 * work.model.spec().layer_count(), "sites");
}

const refit::Gram& Walk::enter(model::Site site) {
  Progress::throw_if_cancelled();
  site_ = site;
  const nn::Block& block = engine::network_of(work_.model).block(site.layer);
  scale_ = site.kind == model::SiteKind::ffn ? block.ffn_scale() : block.attention_scale();
  const refit::FittedSite matrix(*work_.checkpoint, layout_of(work_), none_, site);
  whole_ = to(matrix.before(), engine::device_of(work_.model));
  streams_.enter(site);
  return sums_.emplace(streams_.sums(1, scale_));
}

refit::Affine Walk::with_zeros(const std::vector<int>& removed, const refit::Affine& kept) const {
  const model::SiteLayout& all = layout_of(work_).at(site_);
  refit::Affine whole = kept;
  whole.matrix = at::zeros_like(whole_.matrix);
  whole.matrix.index_copy_(0, kept_inputs(all, removed, whole.matrix.device()), kept.matrix);
  return whole;
}

void Walk::leave(const std::vector<int>& removed, const refit::Affine& fitted) {
  model::UnitSet here;
  here.insert(site_, removed);
  const refit::FittedSite matrix(*work_.checkpoint, layout_of(work_), here, site_);
  const at::Device device = engine::device_of(work_.model);
  const refit::Affine rounded = matrix.rounded(fitted);
  const refit::Affine before = with_zeros(removed, to(matrix.before(), device)), after = with_zeros(removed, to(rounded, device));
  const auto rows = static_cast<double>(std::max<std::int64_t>(sums_->rows, 1));
  result_.gains.push_back({site_, residual_error(*sums_, before) / rows, residual_error(*sums_, after) / rows});
  streams_.pass(0, before, scale_);
  streams_.pass(1, after, scale_);
  matrices_.emplace_back(site_, rounded);
  matrix.put_whole(rounded, whole_tensors_);
  if (site_.kind == model::SiteKind::ffn) streams_.leave_layer(site_.layer);
  progress_.advance(1);
}

refit::Refit Walk::finish(const model::UnitSet& removed, double damping) {
  progress_.end();
  const model::Layout left = prune::remaining(layout_of(work_), removed);
  for (const auto& [site, affine] : matrices_)
    refit::FittedSite(*work_.checkpoint, left, removed, site).put_pruned(affine, result_.pruned);
  result_.whole = std::move(whole_tensors_);
  const std::vector<double> divergences = refit::divergences(work_.model, streams_.answers());
  if (!divergences.empty()) {
    result_.divergence_before = divergences[0];
    result_.divergence_after = divergences[1];
    result_.candidates = {{damping, divergences[1]}};
  }
  result_.damping = damping;
  result_.examples = fitted_.size();
  result_.heldout = heldout_.size();
  result_.tokens = streams_.fitted_tokens();
  return std::move(result_);
}

at::Tensor kept_inputs(const model::SiteLayout& all, const std::vector<int>& removed, at::Device device) {
  return refit::kept_inputs(all, removed).to(device);
}

refit::Gram of_inputs(const refit::Gram& sums, const at::Tensor& inputs) {
  refit::Gram some = sums;
  some.xx = sums.xx.index_select(0, inputs).index_select(1, inputs);
  some.xy = sums.xy.index_select(0, inputs);
  some.x_sum = sums.x_sum.index_select(0, inputs);
  return some;
}

refit::Affine rows_of(const refit::Affine& affine, const at::Tensor& inputs) {
  return {affine.matrix.index_select(0, inputs), affine.bias};
}

}  // namespace hies::baseline
