#pragma once

#include <string>

#include "hies/model/spec.h"

namespace hies::arch {

// Returns XXH3-128, 32 hexadecimal digits, of what config.json says of the computation: everything in the description that changes
// numbers and that the tensors do not show, as it was read, so that neither the spelling of a key nor a default that is written out
// makes a difference. Labels' names and what only training reads are no part of it.
std::string config_hash(const model::ModelSpec& spec);

}  // namespace hies::arch
