#pragma once

#include <string>

#include "hies/model/unit_set.h"

namespace hies::prune {

// Returns the units written "LAYER:HEAD,LAYER:HEAD,…" (spaces allowed, empty: none). Any unit is KIND:LAYER:UNITS, where UNITS is a
// number or a range and KIND that of a site: "ffn:3:0-511"; LAYER:HEAD stands for "attention:LAYER:HEAD". Throws bad_input for another
// syntax and for a unit that `layout` does not have.
model::UnitSet parse_protect(const std::string& text, const model::Layout& layout);

}  // namespace hies::prune
