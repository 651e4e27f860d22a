#include <gtest/gtest.h>

#include "hies/prune/budget.h"
#include "hies/prune/protect.h"
#include "hies/prune/test_models.h"

// Budgets over heads and neurons together.
namespace hies::prune {
namespace {

using model::Layout;

TEST(SiteBudgets, NeuronsAreProtectedByTheirSite) {
  Layout layout = whole_layout(2, 4);
  layout[model::ffn_site(1)] = {{0, 1, 3, 4}, {}, 6, 0, 1};
  EXPECT_EQ(parse_protect("0:1, attention:1:0-2, ffn:1:3-4", layout),
            model::UnitSet::parse("attention.0:1 attention.1:0-2 ffn.1:3-4"));
  const auto refused = [&](const char* text, std::string_view part) {
    const Error error = error_of([&] { parse_protect(text, layout); });
    EXPECT_EQ(error.kind(), ErrorKind::bad_input) << text;
    expect_says(error, part);
  };
  refused("ffn:0:1", "layer 0 has no ffn");
  refused("ffn:2:1", "the model has no layer 2");
  refused("ffn:1:0-6", "layer 1 has no neuron 6, only neurons 0 … 5");
  refused("ffn:1:1-3", "neuron 2 of layer 1 is already removed");
  refused("fnn:1:1", "unknown kind of site 'fnn'");
}

// The same budgets over neurons: each is a unit of its own.
TEST(SiteBudgets, OrdersNeuronsToo) {
  Layout layout = whole_layout(1, 2);
  for (const int layer : {0, 1}) layout[model::ffn_site(layer)] = {{0, 1, 2}, {}, 3, 0, 1};
  const model::UnitGroups units = model::make_units(layout, model::SiteKind::ffn, model::UnitKind::head);
  model::UnitTable<double> scores;
  scores[model::ffn_site(0)] = {3, 1, 1};
  scores[model::ffn_site(1)] = {0, 5, 1};
  const model::UnitTable<model::UnitCost> costs(layout, model::SiteKind::ffn, {10, 20});
  const PlanInput input{{"m"}, layout, model::UnitKind::head, units, scores, costs, {}, 100, 200, {}};
  const Plan half = make_plan(input, {.ffn_ratio = 0.5, .protect = "ffn:0:2"});
  EXPECT_EQ(half.removed.text(), "ffn.0:1 ffn.1:0,2");
  EXPECT_EQ(half.information["parameters"]["removed"], 30);
  EXPECT_EQ(make_plan(input, {.ratio = 0.34, .uniform = true}).removed.text(), "ffn.0:1 ffn.1:0");
  EXPECT_EQ(make_plan(input, {.params_ratio = 0.4}).removed.text(), "ffn.0:1-2 ffn.1:0,2");
}

// Heads of 100 FLOPs, neurons of 10, in two layers.
struct BothSites {
  BothSites() {
    for (const int layer : {0, 1}) {
      model::SiteLayout& heads = layout[model::attention_site(layer)];
      heads = whole_site(4);
      layout[model::ffn_site(layer)] = {{0, 1, 2, 3, 4}, {}, 5, 0, 1};
      costs[model::attention_site(layer)].assign(4, {50, 120, 100});
      costs[model::ffn_site(layer)].assign(5, {5, 10, 10});
      kv_costs[model::attention_site(layer)].assign(4, {});
      kv_costs[model::ffn_site(layer)] = {};
      scores[model::attention_site(layer)] = {4, 1, 8, 9};
      scores[model::ffn_site(layer)] = {0.3, 0.05, 2, 0.9, 0.2};
    }
    scores.attention(1) = {7, 7, 7, 7};
    for (const model::SiteKind kind : {model::SiteKind::attention, model::SiteKind::ffn})
      for (const auto& [site, groups] : model::make_units(layout, kind, model::UnitKind::head)) units[site] = groups;
  }
  Plan plan(const BudgetOptions& options, bool additive = true) const {
    return make_plan({{"m"}, layout, model::UnitKind::head, units, scores, costs, kv_costs, 1000, 2000, {}, additive}, options);
  }
  Layout layout;
  model::UnitTable<model::UnitCost> costs, kv_costs;
  model::UnitTable<double> scores;
  model::UnitGroups units;
};

TEST(SiteBudgets, SharesOfWhatHasNoScoresAreRefused) {
  const BothSites both;
  const auto error_at = [&](model::SiteKind scored, const BudgetOptions& options) {
    model::UnitGroups units;
    model::UnitTable<double> scores;
    for (const model::Site site : both.layout.sites(scored)) {
      units[site] = both.units.at(site);
      scores[site] = both.scores.at(site);
    }
    const Error error = error_of([&] {
      make_plan({{"m"}, both.layout, model::UnitKind::head, units, scores, both.costs, both.kv_costs, 1000, 2000, {}}, options);
    });
    EXPECT_EQ(error.kind(), ErrorKind::bad_input);
    return error;
  };
  expect_says(error_at(model::SiteKind::ffn, {.ratio = 0.3}), "`ratio` is a share of the heads, but none have scores");
  for (const bool uniform : {false, true}) {
    const Error error = error_at(model::SiteKind::attention, {.ratio = 0.3, .ffn_ratio = 0.3, .uniform = uniform});
    expect_says(error, "`ffn_ratio` is a share of the neurons, but none have scores");
    EXPECT_EQ(error.hint(), "`sites` says whose units are scored: add ffn");
  }
}

// All matrices have 2·(400 + 50) = 900 FLOPs. By score ÷ FLOPs: neurons 1 (0.005), head 0:1 (0.01), neurons 4 (0.02) and 0 (0.03), …
TEST(SiteBudgets, JointOrderIsScorePerFlop) {
  const BothSites model;
  EXPECT_EQ(model.plan({.matrix_flops_ratio = 20.0 / 900}).removed.text(), "ffn.0:1 ffn.1:1");
  EXPECT_EQ(model.plan({.matrix_flops_ratio = 21.0 / 900}).removed.text(), "attention.0:1 ffn.0:1 ffn.1:1");
  const Plan more = model.plan({.matrix_flops_ratio = 131.0 / 900});
  EXPECT_EQ(more.removed.text(), "attention.0:1 ffn.0:1,4 ffn.1:1,4");  // 100 + 4 · 10
  EXPECT_EQ(more.information["neurons"]["removed"], 4);
  EXPECT_DOUBLE_EQ(more.information["matrix_flops_per_token"]["before"].get<double>(), 900);
}

// One unit of every layer at a time. By mean score ÷ FLOPs: neurons 0.005, neurons 0.02 and 0.03, heads (1 + 7)/200 = 0.04, neurons 0.09, …
TEST(SiteBudgets, UniformStepsTakeTheCheaperSite) {
  BothSites model;
  EXPECT_EQ(model.plan({.matrix_flops_ratio = 1.0 / 900, .uniform = true}).removed.text(), "ffn.0:1 ffn.1:1");
  EXPECT_EQ(model.plan({.matrix_flops_ratio = 60.0 / 900, .uniform = true}).removed.text(), "ffn.0:0-1,4 ffn.1:0-1,4");
  const Plan more = model.plan({.matrix_flops_ratio = 61.0 / 900, .uniform = true});
  EXPECT_EQ(more.removed.text(), "attention.0:1 ffn.0:0-1,4 attention.1:0 ffn.1:0-1,4");
  EXPECT_DOUBLE_EQ(more.information["matrix_flops_per_token"]["removed"].get<double>(), 260);
  // A unit that must stay shortens its layer's turn; a layer that ran out ends the steps of its site.
  EXPECT_EQ(model.plan({.matrix_flops_ratio = 1.0 / 900, .uniform = true, .protect = "ffn:1:1"}).removed.text(),
            "ffn.0:1 ffn.1:4");
  expect_says(error_of([&] { model.plan({.matrix_flops_ratio = 0.99, .uniform = true, .min_neurons_per_layer = 3}); }),
              "all units that can be removed hold");
  model.layout[model::ffn_site(1)] = {{0, 1, 2, 3}, {}, 5, 0, 1};
  model.costs[model::ffn_site(1)].pop_back(), model.scores[model::ffn_site(1)].pop_back();
  model.units[model::ffn_site(1)].pop_back();
  expect_says(error_of([&] { model.plan({.flops_ratio = 0.01, .uniform = true}); }),
              "`uniform` needs layers alike, but layer 0 has 5 neurons and layer 1 has 4");
}

TEST(SiteBudgets, WhatIsRemovedBeforeComesFirst) {
  const BothSites model;
  const model::UnitSet before = model::UnitSet::parse("attention.1:2 ffn.0:2");
  PlanInput input{{"m"}, model.layout, model::UnitKind::head, model.units, model.scores, model.costs, model.kv_costs, 1000, 2000,
                  {},    true};
  input.before = &before;
  EXPECT_EQ(make_plan(input, {.matrix_flops_ratio = 111.0 / 900}).removed.text(), "ffn.0:1-2 attention.1:2");
}

// As without `uniform`, `ratio` is of heads and ffn_ratio of neurons.
TEST(SiteBudgets, UniformSharesOfBothSites) {
  const BothSites model;
  EXPECT_EQ(model.plan({.ratio = 0.5, .uniform = true}).removed.text(), "attention.0:0-1 attention.1:0-1");
  EXPECT_EQ(model.plan({.ratio = 0.5, .ffn_ratio = 0.2, .uniform = true}).removed.text(),
            "attention.0:0-1 ffn.0:1 attention.1:0-1 ffn.1:1");
  EXPECT_EQ(model.plan({.ffn_ratio = 0.2, .uniform = true}).removed.text(), "ffn.0:1 ffn.1:1");
}

TEST(SiteBudgets, JointPlansAreNestedAndKeepWhatMustBeKept) {
  const BothSites model;
  Plan smaller = model.plan({.matrix_flops_ratio = 0});
  for (int percent = 1; percent <= 100; ++percent) {
    const Plan plan = model.plan({.matrix_flops_ratio = percent / 100.0});
    EXPECT_TRUE(plan.removed.includes(smaller.removed)) << percent;
    EXPECT_GE(plan.information["matrix_flops_per_token"]["share"].get<double>(), percent / 100.0 - 1e-12);
    smaller = plan;
  }
  const Plan kept = model.plan({.matrix_flops_ratio = 0.3, .min_neurons_per_layer = 4, .protect = "ffn:0:1"});
  EXPECT_FALSE(kept.removed.contains(model::ffn_site(0), 1));
  for (const int layer : {0, 1}) EXPECT_LE(kept.removed.at(model::ffn_site(layer)).size(), 1u);
  const Error error = error_of([&] { model.plan({.matrix_flops_ratio = 0.95, .min_neurons_per_layer = 5}); });
  expect_says(error, "all units that can be removed hold 0.8888888888888888");
}

TEST(SiteBudgets, SitesHaveSharesOfTheirOwn) {
  const BothSites model;
  const Plan plan = model.plan({.ratio = 0.25, .ffn_ratio = 0.4}, false);
  EXPECT_EQ(plan.removed.text(), "attention.0:0-1 ffn.0:1,4 ffn.1:1,4");
  EXPECT_EQ(model.plan({.ffn_ratio = 0.2}, false).removed.text(), "ffn.0:1 ffn.1:1");
  EXPECT_EQ(model.plan({.ratio = 0.125}, false).removed.text(), "attention.0:1");
  const Error error = error_of([&] { model.plan({.flops_ratio = 0.3}, false); });
  expect_says(error, "one budget for heads and neurons needs a method whose scores compare them");
  EXPECT_NE(error.hint().find("ffn_ratio"), std::string::npos);
}

}  // namespace
}  // namespace hies::prune
