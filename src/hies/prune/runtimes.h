#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "hies/arch/family.h"
#include "hies/model/layout.h"

namespace hies::prune {

// Programs that run models, and which pruned ones each takes (docs/formats.md, `fits`).

// Returns the names of those that take a model of this family with these units, in a fixed order.
std::vector<std::string> fitting_runtimes(const arch::Portability& family, const model::Layout& left);

// Throws bad_input for a name that is not known. Empty: no target, which is fine.
void check_target_name(std::string_view target);
// Throws bad_input that says what the target cannot take. Throws as check_target_name does.
void check_target(std::string_view target, const arch::Portability& family, const model::Layout& left);

}  // namespace hies::prune
