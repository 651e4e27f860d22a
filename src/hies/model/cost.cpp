#include "hies/model/cost.h"

#include <unordered_map>

namespace hies::model {
namespace {

using Declared = std::unordered_map<std::string, TensorDecl>;

Declared by_name(const Arch& arch, const ModelSpec& spec) {
  Declared all;
  for (TensorDecl& decl : arch.tensors(spec)) all.emplace(decl.name, decl);
  return all;
}

HeadCost slice_cost(const std::vector<HeadSlice>& slices, const Declared& declared) {
  HeadCost cost;
  for (const HeadSlice& slice : slices) {
    const TensorDecl& decl = declared.at(slice.tensor);
    const std::int64_t along = decl.shape[static_cast<std::size_t>(slice.axis)];
    const std::int64_t share = along == 0 ? 0 : decl.elements() / along * (slice.end - slice.begin);
    cost.parameters += share;
    if (decl.use == TensorUse::per_token) cost.flops_per_token += 2.0 * static_cast<double>(share);
  }
  return cost;
}

// Scores and weighted sum of one query over `tokens` keys.
double attention_flops(const LayerHeads& layer, double tokens) { return 4.0 * tokens * layer.head_dim; }

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
  for (const LayerHeads& layer : spec.layers) flops += layer.count() * attention_flops(layer, 1);
  return flops;
}

}  // namespace

HeadTable<HeadCost> head_costs(const Arch& arch, const ModelSpec& spec, double tokens) {
  const Declared declared = by_name(arch, spec);
  HeadTable<HeadCost> table = make_head_table<HeadCost>(spec.layers);
  for (int layer = 0; layer < spec.layer_count(); ++layer) {
    auto& row = table[static_cast<std::size_t>(layer)];
    for (std::size_t position = 0; position < row.size(); ++position) {
      row[position] = slice_cost(arch.head_slices(spec, layer, static_cast<int>(position)), declared);
      row[position].flops_per_token += attention_flops(spec.heads(layer), tokens);
    }
  }
  return table;
}

HeadTable<HeadCost> kv_head_costs(const Arch& arch, const ModelSpec& spec) {
  const Declared declared = by_name(arch, spec);
  HeadTable<HeadCost> table;
  for (int layer = 0; layer < spec.layer_count(); ++layer) {
    auto& row = table.emplace_back();
    for (int position = 0; position < spec.heads(layer).kv_count(); ++position)
      row.push_back(slice_cost(arch.kv_slices(spec, layer, position), declared));
  }
  return table;
}

ModelCost model_cost(const Arch& arch, const ModelSpec& spec, double tokens) {
  ModelCost cost;
  for (const TensorDecl& decl : arch.tensors(spec)) {
    cost.parameters += decl.elements();
    const double flops = 2.0 * static_cast<double>(decl.elements());
    if (decl.use == TensorUse::per_token) cost.flops_per_token += flops;
    if (decl.use == TensorUse::per_example && tokens > 0) cost.flops_per_token += flops / tokens;
  }
  const auto add_heads = [&](const HeadTable<HeadCost>& table) {
    for (const auto& row : table) {
      for (const HeadCost& head : row) {
        cost.attention_parameters += head.parameters;
        cost.attention_flops_per_token += head.flops_per_token;
      }
    }
  };
  add_heads(head_costs(arch, spec, tokens));
  add_heads(kv_head_costs(arch, spec));
  for (const LayerHeads& layer : spec.layers) cost.flops_per_token += layer.count() * attention_flops(layer, tokens);
  return cost;
}

double flops_per_example(const Arch& arch, const ModelSpec& spec, std::span<const std::int64_t> lengths) {
  Polynomial flops{model_cost(arch, spec, 0).flops_per_token, 0, flops_per_pair(spec)};
  for (const TensorDecl& decl : arch.tensors(spec))
    if (decl.use == TensorUse::per_example) flops.per_example += 2.0 * static_cast<double>(decl.elements());
  return flops.mean_over(lengths);
}

double attention_flops_per_example(const Arch& arch, const ModelSpec& spec, std::span<const std::int64_t> lengths) {
  return Polynomial{model_cost(arch, spec, 0).attention_flops_per_token, 0, flops_per_pair(spec)}.mean_over(lengths);
}

}  // namespace hies::model
