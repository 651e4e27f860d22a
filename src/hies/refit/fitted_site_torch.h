#pragma once

#include <vector>

#include <ATen/ATen.h>

#include "hies/arch/checkpoint.h"
#include "hies/formats/stored_tensor.h"
#include "hies/model/unit_set.h"
#include "hies/refit/solve_torch.h"

namespace hies::refit {

// Return what a site keeps of its units, padding heads left out, and where these stand among the inputs of its output matrix, ascending.
model::SiteLayout kept_units(const model::SiteLayout& all, const std::vector<int>& removed);
at::Tensor kept_inputs(const model::SiteLayout& all, const std::vector<int>& removed);

// The output matrix of a site, as a checkpoint holds it.
class FittedSite {
 public:
  // `left`: the layout of the pruned checkpoint.
  FittedSite(const arch::Checkpoint& checkpoint, const model::Layout& left, const model::UnitSet& removed, model::Site site);

  // Returns the rows of the old matrix that belong to kept units, and the old bias: V₀ [W, E] and c₀ [E] in float64, on the CPU.
  const Affine& before() const noexcept { return before_; }
  // Returns the matrix and bias as the checkpoint's element type holds them, in float64.
  Affine rounded(const Affine& affine) const;
  // Put the tensors into the map under their canonical names: with the shapes of the pruned checkpoint, heads that stay as padding as
  // zeros; and with those of the whole one, zero for the other units.
  void put_pruned(const Affine& rounded, formats::TensorMap& tensors) const;
  void put_whole(const Affine& rounded, formats::TensorMap& tensors) const;

 private:
  void put(const model::SiteLayout& stored_units, const Affine& rounded, formats::TensorMap& tensors) const;

  const model::MatrixSpec& spec_;
  const model::SiteLayout &all_, &left_;
  const formats::TensorView *weight_, *bias_;  // null: not there
  std::vector<int> kept_units_;
  Affine before_;
};

}  // namespace hies::refit
