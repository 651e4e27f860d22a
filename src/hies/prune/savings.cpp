#include "hies/prune/savings.h"

#include <algorithm>

#include "hies/base/error.h"
#include "hies/prune/left_heads.h"

namespace hies::prune {
namespace {

using Costs = std::vector<model::HeadCost>;

void check_rows(const model::HeadTable<model::HeadCost>& table, const model::HeadLayout& layout,
                std::vector<int> model::LayerHeads::*heads) {
  check(table.size() == layout.size(), "a plan's tables have another number of layers");
  for (std::size_t layer = 0; layer < layout.size(); ++layer)
    check(table[layer].size() == (layout[layer].*heads).size(), "a plan's tables have another number of heads");
}

// Of those of `before` that are not in `after`.
void add_gone(model::HeadCost& sum, const std::vector<int>& before, const std::vector<int>& after, const Costs& costs) {
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (std::binary_search(after.begin(), after.end(), before[i])) continue;
    sum.parameters += costs[i].parameters;
    sum.flops_per_token += costs[i].flops_per_token;
  }
}

}  // namespace

Savings::Savings(const model::HeadLayout& layout, const model::HeadTable<model::HeadCost>& heads,
                 const model::HeadTable<model::HeadCost>& kv_heads)
    : layout_(layout), heads_(heads), kv_heads_(kv_heads), gone_(layout.size()), by_layer_(layout.size()) {
  check_rows(heads, layout, &model::LayerHeads::heads);
  check_rows(kv_heads, layout, &model::LayerHeads::kv_heads);
}

model::HeadCost Savings::of_layer(std::size_t layer) const {
  const model::LayerHeads& before = layout_[layer];
  const model::LayerHeads left = left_heads(before, gone_[layer]);
  model::HeadCost saved;
  add_gone(saved, before.heads, left.heads, heads_[layer]);
  add_gone(saved, before.kv_heads, left.kv_heads, kv_heads_[layer]);
  return saved;
}

void Savings::remove(int layer, const std::vector<int>& gone) {
  const auto index = static_cast<std::size_t>(layer);
  gone_[index].insert(gone_[index].end(), gone.begin(), gone.end());
  const model::HeadCost saved = of_layer(index);
  total_.parameters += saved.parameters - by_layer_[index].parameters;
  total_.flops_per_token += saved.flops_per_token - by_layer_[index].flops_per_token;
  by_layer_[index] = saved;
}

}  // namespace hies::prune
