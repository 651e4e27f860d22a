#pragma once

#include <set>
#include <string>

#include "hies/model/heads.h"

namespace hies::prune {

// Heads written "LAYER:HEAD,LAYER:HEAD,…" (spaces allowed, empty: none). Throws bad_input for another syntax and for a head that
// `layout` does not have.
std::set<model::HeadId> parse_protect(const std::string& text, const model::HeadLayout& layout);

}  // namespace hies::prune
