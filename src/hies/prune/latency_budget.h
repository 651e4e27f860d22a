#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "hies/prune/budget.h"
#include "hies/prune/latency_table.h"

// The budget `latency_ratio`: a share of what a model takes by a table of latencies.
namespace hies::prune {

// Throws bad_input for a ratio without a table, a table without a ratio, and a share outside 0 … 1.
void check_latency_options(const BudgetOptions& options);

// Returns score ÷ latency of the units, by which they are removed, lowest first: a unit's latency is that of the line that is
// fitted to its layer's curve. Units that take no time are removed last.
double latency_order(const PlanInput& input, model::Site site, const std::vector<int>& members, double keep_score);

// What is saved by the table when units are removed one after the other. Refers to what it is made of.
class LatencySavings {
 public:
  // Throws bad_input where heads that share KV heads are removed otherwise than by KV groups: the table knows no such widths.
  explicit LatencySavings(const PlanInput& input);

  // `removed`: present units of the site, by their original indices, not removed before.
  void remove(model::Site site, const std::vector<int>& removed);
  // Returns the share of the model's time that is saved.
  double share() const;
  // Throws bad_input, which says how far the budget can go: as far as now.
  [[noreturn]] void refuse(double ratio) const;

 private:
  struct OfSite {
    std::vector<int> removed;  // of heads: whose KV heads matter
    std::int64_t left = 0;
    double saved_ms = 0;
  };
  const PlanInput& input_;
  std::map<model::Site, OfSite> by_site_;
  double saved_ms_ = 0;
};

// Returns what a plan's information says of the latency of what it leaves, or null without a table.
Json latency_information(const PlanInput& input, const model::Layout& left);

}  // namespace hies::prune
