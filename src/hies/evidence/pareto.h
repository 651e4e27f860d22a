#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace hies::evidence {

// Returns the indices of the Pareto front: points for which no other point costs no more, is at least as good, and differs. They
// are in the order of ascending cost, which is ascending quality, too; of equal points the first is returned. Lower cost and
// higher quality are better. `cost` and `quality` have equal lengths.
std::vector<std::size_t> pareto_front(std::span<const double> cost, std::span<const double> quality);

}  // namespace hies::evidence
