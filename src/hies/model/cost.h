#pragma once

#include <cstdint>
#include <span>

#include "hies/model/spec.h"
#include "hies/model/unit_table.h"

namespace hies::model {

// What one unit costs. FLOPs count a multiply-add as two, matrix products only (no softmax, norms, biases).
struct UnitCost {
  std::int64_t parameters = 0;
  double flops_per_token = 0;         // 2 × weights; of a head also 4·S·D for a query that sees S keys
  double matrix_flops_per_token = 0;  // 2 × weights alone
  bool operator==(const UnitCost&) const = default;
};

struct ModelCost {
  std::int64_t parameters = 0;            // of the tensors that the family uses, task head included
  std::int64_t attention_parameters = 0;  // of the heads' slices
  double flops_per_token = 0;             // of the whole model, per-example work spread over `tokens`
  double attention_flops_per_token = 0;   // of the heads
};

// Costs are for sequences of `tokens` tokens (real-valued: a mean): the conventional count of a full forward pass, whatever `hies`
// skips. Units of one site cost the same.
UnitTable<UnitCost> unit_costs(const ModelSpec& spec, SiteKind kind, double tokens);
// Returns a row of K costs for each attention site: of a KV head's projections alone, nothing where heads do not share them.
UnitTable<UnitCost> kv_head_costs(const ModelSpec& spec);
ModelCost model_cost(const ModelSpec& spec, double tokens);

// Return the mean FLOPs per example at these lengths: exact, since attention is quadratic in each length.
double flops_per_example(const ModelSpec& spec, std::span<const std::int64_t> lengths);
double attention_flops_per_example(const ModelSpec& spec, std::span<const std::int64_t> lengths);

}  // namespace hies::model
