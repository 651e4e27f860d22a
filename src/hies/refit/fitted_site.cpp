#include <cstring>

#include "hies/engine/weights_torch.h"
#include "hies/formats/float_conversion.h"
#include "hies/ops/tensors.h"
#include "hies/refit/fitted_site_torch.h"

namespace hies::refit {
namespace {

at::Tensor as_double(const formats::TensorView& view) {
  std::vector<double> values = formats::to_double(view);
  return at::from_blob(values.data(), view.shape, at::TensorOptions().dtype(at::kDouble)).clone();
}

formats::StoredTensor stored(const at::Tensor& tensor, formats::DType dtype) {
  const at::Tensor converted = tensor.to(engine::stored_type(dtype)).contiguous();
  formats::StoredTensor result{dtype, converted.sizes().vec(), {}};
  result.bytes.resize(converted.nbytes());
  std::memcpy(result.bytes.data(), converted.const_data_ptr(), result.bytes.size());
  return result;
}

const model::MatrixSpec& output_of(const model::ModelSpec& spec, model::Site site) {
  return site.kind == model::SiteKind::ffn ? spec.layer(site.layer).ffn.down : spec.layer(site.layer).attention.output;
}

}  // namespace

model::SiteLayout kept_units(const model::SiteLayout& all, const std::vector<int>& removed) {
  return all.without(all.padding).without(removed);
}

at::Tensor kept_inputs(const model::SiteLayout& all, const std::vector<int>& removed) {
  std::vector<std::int64_t> inputs;
  for (const int unit : kept_units(all, removed).units)
    for (int i = 0; i < all.unit_size; ++i) inputs.push_back(std::int64_t{all.position_of(unit)} * all.unit_size + i);
  return ops::index_tensor(inputs).clone();
}

FittedSite::FittedSite(const arch::Checkpoint& checkpoint, const model::Layout& left, const model::UnitSet& removed,
                       model::Site site)
    : spec_(output_of(checkpoint.spec(), site)),
      all_(checkpoint.spec().layout.at(site)),
      left_(left.at(site)),
      weight_(checkpoint.find(spec_.name + ".weight")),
      bias_(spec_.bias ? checkpoint.find(spec_.name + ".bias") : nullptr) {
  at::Tensor whole =
      weight_ == nullptr ? at::zeros({0, checkpoint.spec().hidden}, at::TensorOptions().dtype(at::kDouble)) : as_double(*weight_);
  if (weight_ != nullptr && !spec_.inputs_first) whole = whole.t();
  kept_units_ = kept_units(all_, removed.at(site)).units;
  before_.matrix = whole.index_select(0, kept_inputs(all_, removed.at(site)));
  if (bias_ != nullptr) before_.bias = as_double(*bias_);
}

Affine FittedSite::rounded(const Affine& affine) const {
  const auto as_stored = [](const at::Tensor& tensor, const formats::TensorView& view) {
    return tensor.to(at::kCPU).to(engine::stored_type(view.dtype)).to(at::kDouble);
  };
  Affine result = affine;
  if (weight_ != nullptr) result.matrix = as_stored(affine.matrix, *weight_);
  if (bias_ != nullptr) result.bias = as_stored(affine.bias, *bias_);
  return result;
}

void FittedSite::put_pruned(const Affine& rounded, formats::TensorMap& tensors) const { put(left_, rounded, tensors); }

void FittedSite::put_whole(const Affine& rounded, formats::TensorMap& tensors) const { put(all_, rounded, tensors); }

void FittedSite::put(const model::SiteLayout& stored_units, const Affine& rounded, formats::TensorMap& tensors) const {
  const std::int64_t size = all_.unit_size;
  at::Tensor matrix = at::zeros({stored_units.width(), rounded.matrix.size(1)}, rounded.matrix.options());
  for (std::size_t i = 0; i < kept_units_.size(); ++i)
    matrix.narrow(0, stored_units.position_of(kept_units_[i]) * size, size)
        .copy_(rounded.matrix.narrow(0, static_cast<std::int64_t>(i) * size, size));
  if (weight_ != nullptr) tensors[spec_.name + ".weight"] = stored(spec_.inputs_first ? matrix : matrix.t(), weight_->dtype);
  if (bias_ != nullptr) tensors[spec_.name + ".bias"] = stored(rounded.bias, bias_->dtype);
}

}  // namespace hies::refit
