#pragma once

#include <span>
#include <string>
#include <string_view>

namespace hies {

// The name nearest to `word` by edit distance, or empty when none is near enough to be meant.
std::string nearest(std::string_view word, std::span<const std::string> names);

// "did you mean 'x'? known: a, b, c" — the hint of every unknown-name error.
std::string known_names_hint(std::string_view word, std::span<const std::string> names);

}  // namespace hies
