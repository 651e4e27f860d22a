#pragma once

#include "hies/arch/checkpoint.h"
#include "hies/base/json.h"
#include "hies/prune/plan.h"

namespace hies::prune {

// Returns config.json of what `plan` leaves of `source` (docs/formats.md): `pruned_heads` as transformers 4 reads it where it can say
// what is removed, the numbers of heads and neurons where the family's loader reads them, and the `hies` block. Everything else stays,
// in its order. `keep_shapes`: the units of the plan are zeroed, not cut, so that only the block names them.
Json pruned_config(const arch::Checkpoint& source, const Plan& plan, const model::Layout& left, bool keep_shapes);

}  // namespace hies::prune
