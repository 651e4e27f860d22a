#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hies/base/rng.h"
#include "hies/base/test_files.h"
#include "hies/prune/budget.h"

// What the tests of this room share: models to plan for.
namespace hies::prune {

struct HeadId {
  int layer = 0, head = 0;
  auto operator<=>(const HeadId&) const = default;  // NOLINT(modernize-use-nullptr): clang-tidy 14 sees a pointer here
};
using HeadSet = std::set<HeadId>;

inline void expect_says(const Error& error, std::string_view part) {
  EXPECT_NE(std::string_view(error.what()).find(part), std::string_view::npos) << error.what() << "\nlacks: " << part;
}

// A site with all its heads, a KV head for each query head.
inline model::SiteLayout whole_site(int heads) {
  model::SiteLayout site{{}, {}, heads, heads, 8};
  for (int head = 0; head < heads; ++head) site.units.push_back(head);
  site.kv_heads = site.units;
  return site;
}

// Returns the layout of these attention sites, one for each layer.
inline model::Layout layout_of(const std::vector<model::SiteLayout>& layers) {
  model::Layout layout;
  for (std::size_t layer = 0; layer < layers.size(); ++layer)
    layout[model::attention_site(static_cast<int>(layer))] = layers[layer];
  return layout;
}

inline model::Layout whole_layout(int layers, int heads) {
  return layout_of(std::vector<model::SiteLayout>(static_cast<std::size_t>(layers), whole_site(heads)));
}

// Returns the table of these rows, one for the attention site of each layer.
template <class T>
model::UnitTable<T> table_of(const std::vector<std::vector<T>>& rows) {
  model::UnitTable<T> table;
  for (std::size_t layer = 0; layer < rows.size(); ++layer) table[model::attention_site(static_cast<int>(layer))] = rows[layer];
  return table;
}

// Returns the set of these heads, by layer.
inline model::UnitSet heads_of(const std::map<int, std::vector<int>>& by_layer) {
  model::UnitSet set;
  for (const auto& [layer, heads] : by_layer) set.insert(model::attention_site(layer), heads);
  return set;
}

// One to six layers of different sizes and groups, each head there with a probability of its layer's, some layers empty.
inline model::Layout random_layout(Rng& rng, bool grouped = true) {
  std::vector<model::SiteLayout> layers(1 + rng.below(6));
  for (model::SiteLayout& layer : layers) {
    layer.original_kv_heads = static_cast<int>(1 + rng.below(6));
    layer.original_units = layer.original_kv_heads * (grouped ? static_cast<int>(1 + rng.below(3)) : 1);
    layer.unit_size = 8;
    const double present = rng.below(5) == 0 ? 0 : 0.3 + rng.uniform();
    for (int head = 0; head < layer.original_units; ++head) {
      if (rng.uniform() >= present) continue;
      layer.units.push_back(head);
      if (layer.kv_heads.empty() || layer.kv_heads.back() != layer.kv_of(head)) layer.kv_heads.push_back(layer.kv_of(head));
    }
  }
  return layout_of(layers);
}

// A model of which a plan is made.
struct Subject {
  model::Layout layout;
  model::UnitTable<double> keep_scores;
  model::UnitTable<model::UnitCost> costs;
  model::UnitCost kv_cost = {};
  std::int64_t parameters = 0;
  double flops_per_token = 0;

  // Of single heads.
  Plan plan(const BudgetOptions& options) const {
    return plan(options, model::UnitKind::head, model::make_units(layout, model::SiteKind::attention, model::UnitKind::head),
                keep_scores);
  }
  Plan plan(const BudgetOptions& options, model::UnitKind kind, const model::UnitGroups& units,
            const model::UnitTable<double>& unit_scores, const arch::Portability& family = {}) const {
    model::UnitTable<model::UnitCost> kv;
    for (const auto& [site, present] : layout) kv[site].resize(present.kv_heads.size(), kv_cost);
    return make_plan({{"the model"}, layout, kind, units, unit_scores, costs, kv, parameters, flops_per_token, family}, options);
  }
  std::vector<HeadId> heads() const {
    std::vector<HeadId> all;
    for (const auto& [site, present] : layout)
      for (const int head : present.units) all.push_back({site.layer, head});
    return all;
  }
  template <class T>
  const T& at(const model::UnitTable<T>& table, HeadId id) const {
    return table.attention(id.layer)[static_cast<std::size_t>(layout.attention(id.layer).position_of(id.head))];
  }
};

// Heads cost 100 + layer parameters and 200 + layer FLOPs, the rest of the model as much as they do.
inline Subject with_scores(model::Layout layout, const std::function<double(HeadId)>& score) {
  Subject subject;
  subject.layout = std::move(layout);
  for (const auto& [site, present] : subject.layout) {
    subject.keep_scores[site] = {};
    subject.costs[site] = {};
    for (const int head : present.units) {
      subject.keep_scores[site].push_back(score({site.layer, head}));
      const model::UnitCost cost{100 + std::int64_t{site.layer}, 200.0 + site.layer};
      subject.costs[site].push_back(cost);
      subject.parameters += 2 * cost.parameters;
      subject.flops_per_token += 2 * cost.flops_per_token;
    }
  }
  return subject;
}

inline HeadSet removed(const Plan& plan) {
  HeadSet heads;
  for (const auto& [site, units] : plan.removed)
    for (const int head : units) EXPECT_TRUE(site.kind == model::SiteKind::attention && heads.insert({site.layer, head}).second);
  return heads;
}

}  // namespace hies::prune
