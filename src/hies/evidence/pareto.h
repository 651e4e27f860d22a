#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace hies::evidence {

// The points that no other one beats: none costs no more and is at least as good and differs. By ascending cost, which is ascending
// quality, too; of equal points the first. As many numbers in both; lower cost and higher quality are better.
std::vector<std::size_t> pareto_front(std::span<const double> cost, std::span<const double> quality);

}  // namespace hies::evidence
