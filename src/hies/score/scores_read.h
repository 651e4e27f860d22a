#pragma once

#include "hies/base/error.h"
#include "hies/base/json_node.h"
#include "hies/score/scores.h"

// What the readers of the versions of scores.json share.
namespace hies::score {

inline int small_count(const JsonNode& node) { return static_cast<int>(node.count(1 << 24)); }

// What stands for the FLOPs of matrices until they are derived, in files that do not say them.
inline constexpr double kUnknown = -1;

// Reads FLOPs that can be added up: sums of all units stay finite.
inline double read_flops(const JsonNode& node) {
  const double flops = node.not_negative();
  if (flops > 1e30) node.fail(fmt::format("is {}, more than any model computes", flops));
  return flops;
}

inline model::UnitCost read_cost(const JsonNode& cost) {
  constexpr std::string_view kMatrix = "matrix_flops_per_token";
  return {cost.member("parameters").count(), read_flops(cost.member("flops_per_token")),
          cost.has(kMatrix) ? read_flops(cost.member(kMatrix)) : kUnknown};
}

inline void check_groups(const model::SiteLayout& heads, const JsonNode& node) {
  if (heads.original_units < 1 || heads.original_kv_heads < 1 || heads.original_units % heads.original_kv_heads != 0)
    node.fail(fmt::format("belongs to a layer of {} heads and {} KV heads, which do not divide", heads.original_units,
                          heads.original_kv_heads));
}

// Reads the row of a site, which has so many numbers.
inline std::vector<double> read_row(const JsonNode& node, std::size_t count) {
  std::vector<double> row(count);
  node.each(count, "heads in the layer", [&](std::size_t position, const JsonNode& value) { row[position] = value.number(); });
  return row;
}

// Reads sites, costs and tables of version 1 into `scores`: query heads only, as lists over the layers.
void read_version_1(const JsonNode& root, Scores& scores);

}  // namespace hies::score
