#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hies/base/rng.h"
#include "hies/base/test_files.h"
#include "hies/model/heads.h"
#include "hies/prune/budget.h"

// What the tests of this room share: models to plan for.
namespace hies::prune {

using HeadSet = std::set<model::HeadId>;

inline void expect_says(const Error& error, std::string_view part) {
  EXPECT_NE(std::string_view(error.what()).find(part), std::string_view::npos) << error.what() << "\nlacks: " << part;
}

// Every layer whole, a KV head for each query head.
inline model::HeadLayout whole_layout(int layers, int heads) {
  model::LayerHeads layer{{}, {}, heads, heads, 8};
  for (int head = 0; head < heads; ++head) layer.heads.push_back(head);
  layer.kv_heads = layer.heads;
  return model::HeadLayout(static_cast<std::size_t>(layers), layer);
}

// One to six layers of different sizes and groups, each head there with a probability of its layer's, some layers empty.
inline model::HeadLayout random_layout(Rng& rng, bool grouped = true) {
  model::HeadLayout layout(1 + rng.below(6));
  for (model::LayerHeads& layer : layout) {
    layer.original_kv_heads = static_cast<int>(1 + rng.below(6));
    layer.original_heads = layer.original_kv_heads * (grouped ? static_cast<int>(1 + rng.below(3)) : 1);
    layer.head_dim = 8;
    const double present = rng.below(5) == 0 ? 0 : 0.3 + rng.uniform();
    for (int head = 0; head < layer.original_heads; ++head) {
      if (rng.uniform() >= present) continue;
      layer.heads.push_back(head);
      if (layer.kv_heads.empty() || layer.kv_heads.back() != layer.kv_of(head)) layer.kv_heads.push_back(layer.kv_of(head));
    }
  }
  return layout;
}

// A model of which a plan is made.
struct Subject {
  model::HeadLayout layout;
  model::HeadTable<double> keep_scores;
  model::HeadTable<model::HeadCost> costs;
  model::HeadCost kv_cost = {};
  std::int64_t parameters = 0;
  double flops_per_token = 0;

  // Of single heads.
  Plan plan(const BudgetOptions& options) const {
    return plan(options, model::UnitKind::head, model::make_units(layout, model::UnitKind::head), keep_scores);
  }
  Plan plan(const BudgetOptions& options, model::UnitKind kind, const model::UnitLayout& units,
            const model::HeadTable<double>& unit_scores, const model::Portability& family = {}) const {
    model::HeadTable<model::HeadCost> kv(layout.size());
    for (std::size_t layer = 0; layer < layout.size(); ++layer) kv[layer].resize(layout[layer].kv_heads.size(), kv_cost);
    return make_plan({"the model", layout, kind, units, unit_scores, costs, kv, parameters, flops_per_token, family}, options);
  }
  std::vector<model::HeadId> heads() const {
    std::vector<model::HeadId> all;
    for (std::size_t layer = 0; layer < layout.size(); ++layer)
      for (const int head : layout[layer].heads) all.push_back({static_cast<int>(layer), head});
    return all;
  }
  template <class T>
  const T& at(const model::HeadTable<T>& table, model::HeadId id) const {
    const auto layer = static_cast<std::size_t>(id.layer);
    return table[layer][static_cast<std::size_t>(layout[layer].position_of(id.head))];
  }
};

// Heads cost 100 + layer parameters and 200 + layer FLOPs, the rest of the model as much as they do.
inline Subject with_scores(model::HeadLayout layout, const std::function<double(model::HeadId)>& score) {
  Subject subject;
  subject.layout = std::move(layout);
  subject.keep_scores = model::make_head_table<double>(subject.layout);
  subject.costs = model::make_head_table<model::HeadCost>(subject.layout);
  for (std::size_t layer = 0; layer < subject.layout.size(); ++layer) {
    for (std::size_t position = 0; position < subject.layout[layer].heads.size(); ++position) {
      subject.keep_scores[layer][position] = score({static_cast<int>(layer), subject.layout[layer].heads[position]});
      const model::HeadCost cost{100 + static_cast<std::int64_t>(layer), 200.0 + static_cast<double>(layer)};
      subject.costs[layer][position] = cost;
      subject.parameters += 2 * cost.parameters;
      subject.flops_per_token += 2 * cost.flops_per_token;
    }
  }
  return subject;
}

inline HeadSet removed(const Plan& plan) {
  HeadSet heads;
  for (const auto& [layer, list] : plan.pruned) {
    EXPECT_TRUE(std::is_sorted(list.begin(), list.end()));
    for (const int head : list) EXPECT_TRUE(heads.insert({layer, head}).second);
  }
  return heads;
}

}  // namespace hies::prune
