#pragma once

#include <string>

#include "target.h"

namespace hies::fuzz {

// Holds the bundle in the folder and has the target read it. Returns what is wrong with the outcome, one line; empty: nothing, the target
// has read the input or refused it with an error for the user.
std::string run(const Target& target, const Bundle& bundle, BundleFolder& folder);

// Returns a new folder's name in memory where the system has such a place.
std::filesystem::path new_root();

}  // namespace hies::fuzz
