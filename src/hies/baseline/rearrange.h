#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace hies::baseline {

// Returns which `count` of a site's U units to remove, ascending, so that ½·E (Σ_u g_u)² of the removed ones, their loss by the site's block
// of the Fisher information, is small. `gradients` [N, U], row by row. Greedy exchange (Kwon et al. 2022, §4.2): begins with the units
// whose own E g² are least; then each of the others, in the order of its own, joins, and the one leaves that makes the sum least.
std::vector<std::size_t> rearranged(std::span<const double> gradients, std::size_t units, std::size_t count);

// Returns Σ over examples of (Σ_u g_u)², u of `removed`.
double joint_square(std::span<const double> gradients, std::size_t units, std::span<const std::size_t> removed);

}  // namespace hies::baseline
