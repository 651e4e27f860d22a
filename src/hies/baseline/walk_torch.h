#pragma once

#include <optional>

#include "hies/baseline/baseline.h"
#include "hies/refit/fitted_site_torch.h"
#include "hies/refit/streams_torch.h"

namespace hies::baseline {

// The fitted rows of a baseline on their way through the layers, side by side: in the dense model, in the pruned one with its old output
// matrices, and in the pruned one as the baseline leaves it. Which units a site loses may be decided when the rows are there. Every unit
// is computed; what is removed has zeros in the output matrix.
class Walk {
 public:
  Walk(const Work& work, std::string_view stage, Progress& progress);

  // Brings the rows to the next site, and returns the sums of all its inputs [W] for a fit of the pruned stream to the dense one after the
  // site's addition, in float64 on the model's device.
  const refit::Gram& enter(model::Site site);
  // Returns the site's output matrix, all its units' rows: V₀ [W, E], c₀ [E].
  const refit::Affine& whole() const noexcept { return whole_; }
  // Lets the rows pass the site without `removed`. `fitted`: the matrix of the kept units, [kept W, E], as kept_inputs() orders its rows.
  void leave(const std::vector<int>& removed, const refit::Affine& fitted);

  // Returns the result of all sites: tensors for the pruned checkpoint and the whole one, errors of the stream before and after.
  refit::Refit finish(const model::UnitSet& removed, double damping);
  // Returns the tensors so far, in the shapes of the whole checkpoint.
  const formats::TensorMap& whole_tensors() const noexcept { return whole_tensors_; }

 private:
  refit::Affine with_zeros(const std::vector<int>& removed, const refit::Affine& kept) const;

  const Work& work_;
  Progress& progress_;
  const data::Dataset fitted_, heldout_;
  const model::UnitSet none_;
  refit::Streams streams_;
  model::Site site_;
  refit::Affine whole_;
  std::optional<refit::Gram> sums_;
  at::Tensor scale_;
  std::vector<std::pair<model::Site, refit::Affine>> matrices_;  // of kept units, rounded to the checkpoint's type
  formats::TensorMap whole_tensors_;
  refit::Refit result_;
};

// Returns where the kept units of a site stand among its inputs [W], on that device.
at::Tensor kept_inputs(const model::SiteLayout& all, const std::vector<int>& removed, at::Device device);

// The sums of some of the inputs.
refit::Gram of_inputs(const refit::Gram& sums, const at::Tensor& inputs);
refit::Affine rows_of(const refit::Affine& affine, const at::Tensor& inputs);

}  // namespace hies::baseline
