#pragma once

#include "hies/base/json.h"
#include "hies/model/checkpoint.h"
#include "hies/prune/plan.h"

namespace hies::prune {

// config.json of what `plan` leaves of `source` (DESIGN §7, docs/formats.md): `pruned_heads` as transformers 4 reads it where it can
// say what is gone, the numbers of heads where the family's loader reads them, and the `hies` block. Everything else stays, in
// its order. `keep_shapes`: the heads of the plan are zeroed, not cut, so that only the block tells of them.
Json pruned_config(const model::Checkpoint& source, const Plan& plan, const model::HeadLayout& left, bool keep_shapes);

}  // namespace hies::prune
