#include "hies/prune/budget.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "hies/prune/protect.h"
#include "hies/prune/test_models.h"

namespace hies::prune {
namespace {

using model::Layout;

BudgetOptions ratio(double value) { return {.ratio = value}; }

TEST(Budget, CountsOfAllRatios) {
  Rng rng(1);
  for (const Layout& layout : {whole_layout(12, 12), whole_layout(4, 8), whole_layout(1, 1), whole_layout(3, 5),
                               random_layout(rng), random_layout(rng), Layout{}}) {
    const Subject subject = with_scores(layout, [&](HeadId) { return rng.uniform(); });
    const auto present = static_cast<int>(layout.count(model::SiteKind::attention));
    for (int percent = 0; percent <= 100; ++percent) {
      const Plan plan = subject.plan(ratio(percent / 100.0));
      EXPECT_EQ(plan.removed_count(), static_cast<int>(std::floor(percent / 100.0 * present + 0.5)))
          << percent << " of " << present;
      EXPECT_EQ(plan.information["heads"]["before"], present);
    }
  }
}

TEST(Budget, LowestGoFirstAndTiesByPlace) {
  Subject subject = with_scores(whole_layout(2, 3), [](HeadId) { return 0.5; });
  EXPECT_EQ(removed(subject.plan({.heads = 4})), (HeadSet{{0, 0}, {0, 1}, {0, 2}, {1, 0}}));
  subject.keep_scores = table_of<double>({{0.5, 0.5, -0.0}, {0.0, 0.75, -2}});
  EXPECT_EQ(removed(subject.plan({.heads = 1})), (HeadSet{{1, 2}}));
  EXPECT_EQ(removed(subject.plan({.heads = 2})), (HeadSet{{0, 2}, {1, 2}}));  // 0 and -0 are equal
  EXPECT_EQ(removed(subject.plan({.heads = 4})), (HeadSet{{0, 0}, {0, 2}, {1, 0}, {1, 2}}));
  EXPECT_EQ(removed(subject.plan({.heads = 6})).size(), 6u);
  EXPECT_TRUE(removed(subject.plan({.heads = 0})).empty());
}

TEST(Budget, IndicesStayThoseOfTheOriginal) {
  // What an earlier plan left; a second one composes.
  const Layout original = whole_layout(2, 6);
  Plan earlier;
  earlier.removed = heads_of({{0, {0, 2, 3}}, {1, {5}}});
  const Layout layout = pruned_layout(earlier, original);
  const Subject subject = with_scores(layout, [](HeadId id) { return 10.0 * id.layer + id.head; });
  const Plan plan = subject.plan(ratio(0.5));
  EXPECT_EQ(removed(plan), (HeadSet{{0, 1}, {0, 4}, {0, 5}, {1, 0}}));
  Plan both = earlier;
  both.removed.insert(plan.removed);
  EXPECT_EQ(pruned_layout(plan, layout), pruned_layout(both, original));
}

TEST(Budget, SharesOfTheWholeModel) {
  // 6 heads of 100 and 101 parameters in a model of 1206.
  const Subject subject = with_scores(whole_layout(2, 3), [](HeadId id) { return -10.0 * id.layer - id.head; });
  EXPECT_EQ(subject.parameters, 1206);
  EXPECT_EQ(removed(subject.plan({.params_ratio = 0.0})).size(), 0u);
  EXPECT_EQ(removed(subject.plan({.params_ratio = 1e-9})).size(), 1u);
  EXPECT_EQ(removed(subject.plan({.params_ratio = 101.0 / 1206})), (HeadSet{{1, 2}}));
  EXPECT_EQ(removed(subject.plan({.params_ratio = 101.5 / 1206})), (HeadSet{{1, 1}, {1, 2}}));
  EXPECT_EQ(removed(subject.plan({.params_ratio = 0.5})).size(), 6u);
  const Error error = error_of([&] { subject.plan({.params_ratio = 0.51}); });
  expect_says(error, "`params_ratio` is 0.51, but all units that can be removed hold 0.5 of the model's parameters");
  expect_says(error_of([&] { subject.plan({.flops_ratio = 1.0}); }), "hold 0.5 of the model's FLOPs");
  const Error less = error_of([&] { subject.plan({.flops_ratio = 0.4, .min_heads_per_layer = 2}); });
  const double reachable = 401.0 / subject.flops_per_token;
  EXPECT_EQ(less.hint(), fmt::format("give a `flops_ratio` of at most {}", reachable));
  EXPECT_EQ(removed(subject.plan({.flops_ratio = reachable, .min_heads_per_layer = 2})), (HeadSet{{0, 2}, {1, 2}}));
}

TEST(Budget, ProtectedHeadsAndLayersStay) {
  const Subject subject = with_scores(whole_layout(2, 4), [](HeadId id) { return 10.0 * id.layer + id.head; });
  EXPECT_EQ(removed(subject.plan({.heads = 2, .protect = "0:1,1:0"})), (HeadSet{{0, 0}, {0, 2}}));
  EXPECT_EQ(removed(subject.plan({.heads = 2, .protect = " 0:1 , 0 : 1"})), (HeadSet{{0, 0}, {0, 2}}));
  EXPECT_EQ(removed(subject.plan({.heads = 4, .min_heads_per_layer = 2})), (HeadSet{{0, 0}, {0, 1}, {1, 0}, {1, 1}}));
  // A protected head counts among those that a layer keeps.
  EXPECT_EQ(removed(subject.plan({.heads = 3, .min_heads_per_layer = 1, .protect = "0:0"})), (HeadSet{{0, 1}, {0, 2}, {0, 3}}));
  const Error all = error_of([&] { subject.plan({.ratio = 1.0, .min_heads_per_layer = 1}); });
  expect_says(all, "ratio 1 is 8 heads, but only 6 can be removed");
  EXPECT_NE(all.hint().find("`min_heads_per_layer`"), std::string::npos);
  expect_says(error_of([&] { subject.plan({.heads = 8, .protect = "0:1"}); }),
              "the budget is 8 heads, but only 7 can be removed");
  expect_says(error_of([&] { subject.plan({.ratio = 0.75, .uniform = true, .protect = "1:1,1:2"}); }),
              "ratio 0.75 of layer 1 is 3 heads, but only 2 can be removed");
  EXPECT_TRUE(removed(subject.plan({.ratio = 0.0, .min_heads_per_layer = 99})).empty());
  // A layer that has fewer already keeps them.
  const Subject thin = with_scores(layout_of({whole_site(2), whole_site(5)}), [](HeadId id) { return id.layer; });
  EXPECT_EQ(removed(thin.plan({.heads = 2, .min_heads_per_layer = 3})), (HeadSet{{1, 0}, {1, 1}}));
}

TEST(Budget, RemovedKvHeadsAreListed) {
  const Layout grouped = layout_of({{{0, 1, 2, 3}, {0, 1}, 4, 2, 8}, {{0, 1}, {0, 1}, 2, 2, 8}});
  Subject subject = with_scores(grouped, [](HeadId) { return 0.0; });
  subject.keep_scores = table_of<double>({{3, 0, 0, 0}, {1, 0}});
  const Plan plan = subject.plan({.heads = 4});
  EXPECT_EQ(removed(plan), (HeadSet{{0, 1}, {0, 2}, {0, 3}, {1, 1}}));
  EXPECT_EQ(plan.information["removed_kv_heads"], (Json{{"0", "1"}, {"1", "1"}}));
  EXPECT_EQ(subject.plan({.heads = 0}).information["removed_kv_heads"], Json::object());
}

TEST(Budget, PlanSaysWhatWasAskedAndSaved) {
  const Subject subject = with_scores(whole_layout(2, 3), [](HeadId id) { return -id.layer; });
  const Plan plan = subject.plan(ratio(0.3));
  EXPECT_EQ(plan.model, model::ModelHashes{"the model"});
  EXPECT_EQ(plan.units, "head");
  const Json& stored = plan.information;
  EXPECT_EQ(stored["ratio"], 2.0 / 6);
  EXPECT_EQ(stored["budget"]["ratio"], 0.3);
  EXPECT_TRUE(stored["budget"]["heads"].is_null());
  EXPECT_EQ(stored["heads"], (Json{{"before", 6}, {"removed", 2}, {"share", 2.0 / 6}}));
  EXPECT_EQ(stored["parameters"], (Json{{"before", 1206}, {"removed", 202}, {"share", 202.0 / 1206}}));
  EXPECT_EQ(stored["flops_per_token"], (Json{{"before", 2406.0}, {"removed", 402.0}, {"share", 402.0 / 2406}}));
  EXPECT_EQ(plan_from_json(parse_json(pretty(to_json(plan)), "p.json"), "p.json").information, stored);
}

TEST(Budget, BadOptions) {
  const Subject subject = with_scores(whole_layout(2, 4), [](HeadId) { return 1.0; });
  const auto expect = [&](const BudgetOptions& options, std::string_view part) {
    const Error error = error_of([&] { subject.plan(options); });
    EXPECT_EQ(error.kind(), ErrorKind::bad_input) << error.what();
    expect_says(error, part);
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  expect({}, "no budget");
  expect(ratio(nan), "`ratio` is nan");
  expect(ratio(-0.01), "`ratio` is -0.01");
  expect(ratio(30), "`ratio` is 30, but it must be 0 … 1");
  expect({.params_ratio = 1.5}, "`params_ratio` is 1.5");
  expect({.flops_ratio = nan}, "`flops_ratio` is nan");
  expect({.ratio = 0.1, .heads = 3}, "`ratio` and `heads` are two budgets");
  expect({.params_ratio = 0.1, .flops_ratio = 0.1}, "`params_ratio` and `flops_ratio` are two budgets");
  expect({.heads = -1}, "`heads` is -1");
  expect({.heads = 9}, "`heads` is 9, but the model has only 8");
  expect({.heads = 3, .uniform = true}, "`uniform` does not go with `heads`");
  expect({.ratio = 0.1, .min_heads_per_layer = -1}, "`min_heads_per_layer` is -1");
  Subject free = subject;
  free.flops_per_token = 0;
  expect_says(error_of([&] { free.plan({.flops_ratio = 0.1}); }), "`flops_ratio` is a share of the model's FLOPs per token");
  for (const char* text : {"3", "1:", ":1", "1:2:3", "ffn:1", "ffn:1:", "ffn::1", "ffn:1:3-2", "0:1-", "0:1,", ",0:1", "0:1,,0:2",
                           "a:1", "-1:0", "0:+1", "0;1", " ", "99999999999:0"})
    expect({.ratio = 0.1, .protect = text}, "is not LAYER:HEAD");
  expect({.ratio = 0.1, .protect = "0:1,2:0"}, "'2:0': the model has no layer 2");
  expect({.ratio = 0.1, .protect = "1:4"}, "'1:4': layer 1 has no head 4");
}

TEST(Budget, BadModels) {
  Subject subject = with_scores(layout_of({{{0, 2}, {0, 2}, 3, 3, 8}}), [](HeadId) { return 1.0; });
  expect_says(error_of([&] { subject.plan({.ratio = 0.1, .protect = "0:1"}); }), "head 1 of layer 0 is already removed");
  subject.keep_scores.attention(0)[1] = std::nan("");
  expect_says(error_of([&] { subject.plan(ratio(0.1)); }), "keep-score of layer 0, head 2 is nan");
  subject.keep_scores.attention(0).pop_back();
  EXPECT_EQ(error_of([&] { subject.plan(ratio(0.1)); }).kind(), ErrorKind::internal);
}

TEST(Budget, NeuronsAreProtectedByTheirSite) {
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
TEST(Budget, OrdersNeuronsToo) {
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

TEST(Budget, SharesOfWhatHasNoScoresAreRefused) {
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
TEST(Budget, JointOrderIsScorePerFlop) {
  const BothSites model;
  EXPECT_EQ(model.plan({.matrix_flops_ratio = 20.0 / 900}).removed.text(), "ffn.0:1 ffn.1:1");
  EXPECT_EQ(model.plan({.matrix_flops_ratio = 21.0 / 900}).removed.text(), "attention.0:1 ffn.0:1 ffn.1:1");
  const Plan more = model.plan({.matrix_flops_ratio = 131.0 / 900});
  EXPECT_EQ(more.removed.text(), "attention.0:1 ffn.0:1,4 ffn.1:1,4");  // 100 + 4 · 10
  EXPECT_EQ(more.information["neurons"]["removed"], 4);
  EXPECT_DOUBLE_EQ(more.information["matrix_flops_per_token"]["before"].get<double>(), 900);
}

// One unit of every layer at a time. By mean score ÷ FLOPs: neurons 0.005, neurons 0.02 and 0.03, heads (1 + 7)/200 = 0.04, neurons 0.09, …
TEST(Budget, UniformStepsTakeTheCheaperSite) {
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

TEST(Budget, WhatIsRemovedBeforeComesFirst) {
  const BothSites model;
  const model::UnitSet before = model::UnitSet::parse("attention.1:2 ffn.0:2");
  PlanInput input{{"m"}, model.layout, model::UnitKind::head, model.units, model.scores, model.costs, model.kv_costs, 1000, 2000,
                  {},    true};
  input.before = &before;
  EXPECT_EQ(make_plan(input, {.matrix_flops_ratio = 111.0 / 900}).removed.text(), "ffn.0:1-2 attention.1:2");
}

// As without `uniform`, `ratio` is of heads and ffn_ratio of neurons.
TEST(Budget, UniformSharesOfBothSites) {
  const BothSites model;
  EXPECT_EQ(model.plan({.ratio = 0.5, .uniform = true}).removed.text(), "attention.0:0-1 attention.1:0-1");
  EXPECT_EQ(model.plan({.ratio = 0.5, .ffn_ratio = 0.2, .uniform = true}).removed.text(),
            "attention.0:0-1 ffn.0:1 attention.1:0-1 ffn.1:1");
  EXPECT_EQ(model.plan({.ffn_ratio = 0.2, .uniform = true}).removed.text(), "ffn.0:1 ffn.1:1");
}

TEST(Budget, JointPlansAreNestedAndKeepWhatMustBeKept) {
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

TEST(Budget, SitesHaveSharesOfTheirOwn) {
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
