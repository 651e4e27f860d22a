#pragma once

#include <span>
#include <string>
#include <string_view>

namespace hies {

// Returns the name with the least edit distance to `word`; empty if even that distance is too large for a typing error.
std::string nearest(std::string_view word, std::span<const std::string> names);

// Returns the hint of errors about an unknown name: "did you mean 'x'? known: a, b, c".
std::string known_names_hint(std::string_view word, std::span<const std::string> names);

}  // namespace hies
