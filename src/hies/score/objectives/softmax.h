#pragma once

#include <cstddef>
#include <span>

namespace hies::score {

// Index of the largest logit, the lowest of equals.
std::size_t argmax(std::span<const double> logits);

// Returns the class at which the sum of the probabilities softmax(logits) up to it first exceeds `uniform`, a number in [0, 1).
std::size_t softmax_sample(std::span<const double> logits, double uniform);

// −ln softmax(logits)[label] in nats, exact for logits of any size. Writes its gradient, softmax − one-hot, unless `gradient` is
// empty.
double softmax_cross_entropy(std::span<const double> logits, std::size_t label, std::span<double> gradient);

}  // namespace hies::score
