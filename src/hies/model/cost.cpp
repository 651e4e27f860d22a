#include "hies/model/cost.h"

#include <unordered_map>

#include "hies/model/tensors.h"

namespace hies::model {
namespace {

using Declared = std::unordered_map<std::string, TensorDecl>;

Declared by_name(const ModelSpec& spec) {
  Declared all;
  for (TensorDecl& decl : tensors(spec)) all.emplace(decl.name, decl);
  return all;
}

UnitCost slice_cost(const std::vector<Slice>& slices, const Declared& declared) {
  UnitCost cost;
  for (const Slice& slice : slices) {
    const TensorDecl& decl = declared.at(slice.tensor);
    const std::int64_t along = decl.shape[static_cast<std::size_t>(slice.axis)];
    const std::int64_t share = along == 0 ? 0 : decl.elements() / along * (slice.end - slice.begin);
    cost.parameters += share;
    if (decl.use == TensorUse::per_token) cost.matrix_flops_per_token += 2.0 * static_cast<double>(share);
  }
  cost.flops_per_token = cost.matrix_flops_per_token;
  return cost;
}

// Scores and weighted sum of one query over `tokens` keys.
double attention_flops(const SiteLayout& heads, double tokens) { return 4.0 * tokens * heads.unit_size; }

// FLOPs of a sequence of n tokens: per_token·n + per_example + per_pair·n².
struct Polynomial {
  double per_token = 0, per_example = 0, per_pair = 0;

  double mean_over(std::span<const std::int64_t> lengths) const {
    double sum = 0;
    for (const std::int64_t length : lengths) {
      const auto n = static_cast<double>(length);
      sum += per_token * n + per_example + per_pair * n * n;
    }
    return lengths.empty() ? 0 : sum / static_cast<double>(lengths.size());
  }
};

double flops_per_pair(const ModelSpec& spec) {
  double flops = 0;
  for (const Site site : spec.layout.sites(SiteKind::attention))
    flops += spec.layout.at(site).count() * attention_flops(spec.layout.at(site), 1);
  return flops;
}

}  // namespace

UnitTable<UnitCost> unit_costs(const ModelSpec& spec, SiteKind kind, double tokens) {
  const Declared declared = by_name(spec);
  UnitTable<UnitCost> table(spec.layout, kind);
  for (auto& [site, row] : table) {
    if (row.empty()) continue;
    UnitCost cost = slice_cost(unit_slices(spec, site, 0), declared);
    if (kind != SiteKind::ffn) cost.flops_per_token += attention_flops(spec.layout.at(site), tokens);
    row.assign(row.size(), cost);
  }
  return table;
}

UnitTable<UnitCost> kv_head_costs(const ModelSpec& spec) {
  const Declared declared = by_name(spec);
  UnitTable<UnitCost> table;
  for (const Site site : spec.layout.sites(SiteKind::attention)) {
    const auto count = static_cast<std::size_t>(spec.layout.at(site).kv_count());
    table[site].assign(count, count == 0 ? UnitCost{} : slice_cost(kv_slices(spec, site, 0), declared));
  }
  return table;
}

ModelCost model_cost(const ModelSpec& spec, double tokens) {
  ModelCost cost;
  for (const TensorDecl& decl : tensors(spec)) {
    cost.parameters += decl.elements();
    const double flops = 2.0 * static_cast<double>(decl.elements());
    if (decl.use == TensorUse::per_token) cost.flops_per_token += flops;
    if (decl.use == TensorUse::per_example && tokens > 0) cost.flops_per_token += flops / tokens;
  }
  const auto add_heads = [&](const UnitTable<UnitCost>& table) {
    for (const auto& [site, row] : table) {
      for (const UnitCost& head : row) {
        cost.attention_parameters += head.parameters;
        cost.attention_flops_per_token += head.flops_per_token;
      }
    }
  };
  add_heads(unit_costs(spec, SiteKind::attention, tokens));
  add_heads(kv_head_costs(spec));
  for (const Site site : spec.layout.sites(SiteKind::attention))
    cost.flops_per_token += spec.layout.at(site).count() * attention_flops(spec.layout.at(site), tokens);
  return cost;
}

double flops_per_example(const ModelSpec& spec, std::span<const std::int64_t> lengths) {
  Polynomial flops{model_cost(spec, 0).flops_per_token, 0, flops_per_pair(spec)};
  for (const TensorDecl& decl : tensors(spec))
    if (decl.use == TensorUse::per_example) flops.per_example += 2.0 * static_cast<double>(decl.elements());
  return flops.mean_over(lengths);
}

double attention_flops_per_example(const ModelSpec& spec, std::span<const std::int64_t> lengths) {
  return Polynomial{model_cost(spec, 0).attention_flops_per_token, 0, flops_per_pair(spec)}.mean_over(lengths);
}

}  // namespace hies::model
