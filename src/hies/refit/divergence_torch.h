#pragma once

#include <vector>

#include "hies/refit/streams_torch.h"

namespace hies::refit {

// Returns how far the answers of each stream are from the dense model's: the mean over examples of the Kullback–Leibler divergence of
// classes, over target tokens of that of tokens, or of the squared difference of numbers.
std::vector<double> divergences(const engine::Model& model, const std::vector<Streams::Answers>& answers);

}  // namespace hies::refit
