#include "hies/refit/masked_tensors.h"

#include "hies/refit/fitted_site_torch.h"

namespace hies::refit {

formats::TensorMap masked_tensors(const arch::Checkpoint& checkpoint, const model::UnitSet& removed) {
  formats::TensorMap tensors;
  for (const auto& [site, units] : removed) {
    const FittedSite matrix(checkpoint, checkpoint.spec().layout, removed, site);
    matrix.put_whole(matrix.before(), tensors);
  }
  return tensors;
}

}  // namespace hies::refit
