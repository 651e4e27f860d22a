#pragma once

#include <cstdint>
#include <vector>

#include <ATen/ATen.h>

#include "hies/kernels/attention.h"

namespace hies::ops {

// The softmax weights that the kernels never keep, condensed to one number for each key token and head: the mean over the queries of
// its sequence that see it, and over those of `asked` (rows, ascending) in its sequence. Queries q [T,H,D] and keys k [T,K,D] stand
// for the same tokens. mean, asked_mean: [T·H], overwritten.
void attention_weights(const kernels::AttentionShape& shape, const at::Tensor& q, const at::Tensor& k,
                       const std::vector<std::int64_t>& asked, std::vector<double>& mean, std::vector<double>& asked_mean);

}  // namespace hies::ops
