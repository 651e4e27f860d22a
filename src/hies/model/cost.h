#pragma once

#include <cstdint>
#include <span>

#include "hies/model/arch/arch.h"
#include "hies/model/heads.h"

namespace hies::model {

// What one head is worth. FLOPs count a multiply-add as two, matrices only (no softmax, norms, biases).
struct HeadCost {
  std::int64_t parameters = 0;
  double flops_per_token = 0;  // 2 × weights + 4·S·D for a query that sees S keys
};

struct ModelCost {
  std::int64_t parameters = 0;            // of the tensors that the family uses, task head included
  std::int64_t attention_parameters = 0;  // of the heads' slices
  double flops_per_token = 0;             // whole model, per-example work spread over `tokens`
  double attention_flops_per_token = 0;   // of the heads
};

// For sequences of `tokens` tokens (real-valued: a mean). The conventional count of a full forward pass, whatever `hies` skips.
HeadTable<HeadCost> head_costs(const Arch& arch, const ModelSpec& spec, double tokens);
HeadTable<HeadCost> kv_head_costs(const Arch& arch, const ModelSpec& spec);  // [L][K]; projections only, no keys are seen
ModelCost model_cost(const Arch& arch, const ModelSpec& spec, double tokens);

// Mean FLOPs per example at these lengths: exact, since attention is quadratic in each length.
double flops_per_example(const Arch& arch, const ModelSpec& spec, std::span<const std::int64_t> lengths);
double attention_flops_per_example(const Arch& arch, const ModelSpec& spec, std::span<const std::int64_t> lengths);

}  // namespace hies::model
