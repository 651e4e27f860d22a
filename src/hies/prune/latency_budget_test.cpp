#include "hies/prune/latency_budget.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "hies/prune/test_models.h"

namespace hies::prune {
namespace {

LatencyCurve curve(std::vector<std::int64_t> counts, std::vector<double> ms) {
  const std::vector<double> none(ms.size(), 0.0);
  return {std::move(counts), ms, ms, none};
}

// A model of 20 ms with two layers of 4 heads and 8 neurons: heads take 1 ms each in layer 0; in layer 1 only the third and fourth take
// time, 2 ms each; neurons take 0.5 ms each in both.
LatencyTable hand_made() {
  LatencyTable table;
  table.model = {"m"};
  table.setting = {"cpu", "Processor X", "float32", 2, 1, 128};
  table.whole = {20, 21, 20.5, 22, 9};
  const LatencyCurve neurons = curve({0, 8}, {0, 4});
  table.layers = {{{0}, curve({0, 4}, {0, 4}), neurons}, {{1}, curve({0, 2, 4}, {0, 0, 4}), neurons}};
  return table;
}

// Two layers, heads and neurons, each unit with a KV head or none of its own and costs that do not matter here.
struct TwoSites {
  LatencyTable table = hand_made();
  model::Layout layout = whole_layout(2, 4);
  model::UnitTable<double> scores;
  model::UnitTable<model::UnitCost> costs, kv_costs;
  model::UnitGroups units;

  TwoSites() {
    for (int layer = 0; layer < 2; ++layer) {
      model::SiteLayout neurons{{}, {}, 8, 0, 1};
      for (int unit = 0; unit < 8; ++unit) neurons.units.push_back(unit);
      layout[model::ffn_site(layer)] = neurons;
    }
    for (const auto& [site, present] : layout) {
      for (const int unit : present.units) units[site].push_back({unit});
      scores[site].assign(present.units.size(), 1.0);
      costs[site].assign(present.units.size(), {1, 1, 1});
      kv_costs[site].assign(present.kv_heads.size(), {});
    }
  }
  Plan plan(const BudgetOptions& options, bool additive = true) const {
    return make_plan({{"m"}, layout, model::UnitKind::head, units, scores, costs, kv_costs, 1000, 2000, {}, additive, &table},
                     options);
  }
  Plan plan(double ratio) const { return plan({.latency_ratio = ratio, .latency_table = "table.json"}); }
};

TEST(LatencyCurve, NearestRisingTimes) {
  const LatencyCurve fitted = monotone_curve({0, 1, 2, 3, 4}, {1, 3, 2, 2, 6}, {0, 0, 0, 0, 0});
  ASSERT_EQ(fitted.ms.size(), 5U);
  const double pooled = 7.0 / 3 - 1;  // the mean of 3, 2, 2
  EXPECT_DOUBLE_EQ(fitted.ms[0], 0);
  for (const std::size_t i : {1U, 2U, 3U}) EXPECT_DOUBLE_EQ(fitted.ms[i], pooled);
  EXPECT_DOUBLE_EQ(fitted.ms[4], 5);
  EXPECT_EQ(fitted.measured_ms, (std::vector<double>{1, 3, 2, 2, 6}));
  EXPECT_EQ(monotone_curve({0, 1, 2}, {5, 4, 3}, {0, 0, 0}).ms, (std::vector<double>{0, 0, 0}));
}

TEST(LatencyCurve, IsInterpolatedAndFitted) {
  const LatencyCurve steps = curve({0, 2, 4}, {0, 0, 4});
  EXPECT_EQ(steps.at(0), 0);
  EXPECT_EQ(steps.at(1), 0);
  EXPECT_EQ(steps.at(3), 2);
  EXPECT_EQ(steps.at(4), 4);
  EXPECT_THROW(steps.at(5), Error);
  EXPECT_DOUBLE_EQ(steps.per_unit(4), 1);  // the line through (0, 0), (2, 0), (4, 4)
  EXPECT_DOUBLE_EQ(steps.per_unit(2), 0);
  EXPECT_DOUBLE_EQ(curve({0, 4}, {0, 4}).per_unit(2), 1);
  EXPECT_EQ(steps.per_unit(0), 0);
}

TEST(LatencyBudget, OrderIsScoreByTimeAndTheTableIsTheBudget) {
  TwoSites model;
  // Equal scores: heads, of 1 ms by the fitted lines, are removed before neurons, of 0.5 ms; ties by place.
  EXPECT_EQ(removed(model.plan(0.2)), (HeadSet{{0, 0}, {0, 1}, {0, 2}, {0, 3}}));
  // By the table the first two heads of layer 1 take 2 ms each, the others nothing.
  EXPECT_EQ(removed(model.plan(0.3)), (HeadSet{{0, 0}, {0, 1}, {0, 2}, {0, 3}, {1, 0}}));
  EXPECT_EQ(removed(model.plan(0.4)).size(), 6U);
  const Plan more = model.plan(0.41);  // after all heads neurons, of which one saves 0.5 ms
  EXPECT_EQ(more.removed.count(model::SiteKind::attention), 8);
  EXPECT_EQ(more.removed.count(model::SiteKind::ffn), 1);
  EXPECT_DOUBLE_EQ(more.information["latency_ms"]["removed"].get<double>(), 8.5);
  EXPECT_DOUBLE_EQ(more.information["latency_ms"]["share"].get<double>(), 8.5 / 20);
  EXPECT_EQ(more.information["latency_ms"]["setting"]["name"], "Processor X");
  EXPECT_TRUE(model.plan(0.0).removed.empty());
  // Units of a site that takes no time are removed last, whatever their scores.
  model.table.layers[0].neurons = curve({0, 8}, {0, 0});
  model.scores.at(model::ffn_site(0)).assign(8, 0.0);
  EXPECT_EQ(model.plan(0.6).removed.of(model::SiteKind::ffn).count(), 8);
  EXPECT_EQ(model.plan(0.6).removed.contains(model::ffn_site(0), 0), false);
}

TEST(LatencyBudget, PlansNest) {
  Rng rng(3);
  for (int trial = 0; trial < 20; ++trial) {
    TwoSites model;
    for (auto& [site, row] : model.scores)
      for (double& score : row) score = rng.uniform();
    Plan before = model.plan(0.0);
    for (int percent = 1; percent <= 80; ++percent) {
      const Plan now = model.plan(percent / 100.0);
      for (const auto& [site, members] : before.removed)
        for (const int unit : members) EXPECT_TRUE(now.removed.contains(site, unit)) << percent;
      EXPECT_GE(now.information["latency_ms"]["share"].get<double>(), percent / 100.0 - 1e-12);
      before = now;
    }
  }
}

TEST(LatencyBudget, KvGroupsAreTheSteps) {
  // Two KV groups of two heads; a group takes 2 ms.
  TwoSites model;
  model.layout = layout_of({{{0, 1, 2, 3}, {0, 1}, 4, 2, 8}});
  const model::Site site = model::attention_site(0);
  model.units = {};
  model.units[site] = {{0, 1}, {2, 3}};
  model.scores = {};
  model.scores[site] = {2, 1};
  model.costs = {};
  model.costs[site].assign(4, {1, 1, 1});
  model.kv_costs = {};
  model.kv_costs[site].assign(2, {1, 1, 1});
  model.table.layers = {{{0}, curve({0, 2, 4}, {0, 2, 4}), {}}};
  const auto plan = [&](model::UnitKind kind) {
    return make_plan(
        {{"m"}, model.layout, kind, model.units, model.scores, model.costs, model.kv_costs, 10, 10, {}, true, &model.table},
        {.latency_ratio = 0.05, .latency_table = "t"});
  };
  EXPECT_EQ(removed(plan(model::UnitKind::kv_group)), (HeadSet{{0, 2}, {0, 3}}));
  expect_says(error_of([&] { plan(model::UnitKind::even); }), "latency tables are of whole KV groups, but `units` is 'even'");
}

TEST(LatencyBudget, SaysHowFarItCanGo) {
  const TwoSites model;
  const Error error = error_of([&] { model.plan(0.9); });
  expect_says(error, "`latency_ratio` is 0.9, but all units that can be removed take 16 of the model's 20 ms");
  EXPECT_EQ(error.hint(), "give a `latency_ratio` of at most 0.8");
  expect_says(error_of([&] { model.plan({.latency_ratio = 0.8, .latency_table = "t", .min_neurons_per_layer = 8}); }),
              "take 8 of the model's 20 ms");
  expect_says(error_of([&] { model.plan(BudgetOptions{.latency_ratio = 0.3}); }), "no table has them");
  expect_says(error_of([&] { model.plan(BudgetOptions{.ratio = 0.3, .latency_table = "t"}); }), "goes with `latency_ratio`");
  expect_says(error_of([&] { model.plan(BudgetOptions{.flops_ratio = 0.3, .latency_ratio = 0.3, .latency_table = "t"}); }),
              "are two budgets");
  expect_says(error_of([&] { model.plan(std::numeric_limits<double>::quiet_NaN()); }), "must be 0 … 1");
  expect_says(error_of([&] { model.plan({.latency_ratio = 0.3, .latency_table = "t"}, false); }),
              "needs a method whose scores compare");
}

TEST(LatencyTable, IsWrittenAndReadAgain) {
  const LatencyTable table = hand_made();
  const LatencyTable read = latency_table_from_json(parse_json(pretty(to_json(table)), "t"), "t");
  EXPECT_EQ(read.layers, table.layers);
  EXPECT_EQ(read.setting, table.setting);
  EXPECT_EQ(read.whole, table.whole);
  EXPECT_EQ(read.model, table.model);
}

TEST(LatencyTable, DamagedFilesAreRefused) {
  const auto refused = [](const std::function<void(Json&)>& damage, std::string_view said) {
    Json json = to_json(hand_made());
    damage(json);
    const Error error = error_of([&] { latency_table_from_json(json, "table.json"); });
    EXPECT_NE(error.kind(), ErrorKind::internal);
    expect_says(error, "table.json");
    expect_says(error, said);
  };
  refused([](Json& json) { json["schema"] = "hies.latency-table/2"; }, "hies.latency-table/2");
  refused([](Json& json) { json["schema"] = "hies.plan/2"; }, "hies.plan/2");
  refused([](Json& json) { json["latency_ms"]["least"] = 0; }, "the least is 0 ms");
  refused([](Json& json) { json["latency_ms"]["least"] = nullptr; }, "latency_ms.least");
  refused([](Json& json) { json["latency_ms"]["least"] = std::numeric_limits<double>::quiet_NaN(); }, "a finite number");
  refused([](Json& json) { json["layers"][1]["heads"]["ms"][1] = -1; }, "layers[1].heads.ms[1]");
  refused([](Json& json) { json["layers"][1]["heads"]["ms"][1] = 5; }, "less than 5 of fewer units");
  refused([](Json& json) { json["layers"][1]["heads"]["ms"][0] = 1; }, "no units take 0 ms");
  refused([](Json& json) { json["layers"][1]["heads"]["ms"].erase(0); }, "has 2 entries, but there are 3 counts");
  refused([](Json& json) { json["layers"][0]["neurons"]["counts"] = {0, 0}; }, "begin with 0 and rise");
  refused([](Json& json) { json["layers"][0]["neurons"]["counts"] = Json::array(); }, "is empty");
  refused([](Json& json) { json["layers"][1]["layers"] = {0}; }, "is layer 0 again");
  refused([](Json& json) { json["setting"].erase("name"); }, "name");
  refused([](Json& json) { json["setting"]["batch"] = 0; }, "'setting.batch' is 0");
  refused([](Json& json) { json["layers"] = 3; }, "layers");
  LatencyTable broken = hand_made();
  broken.layers[0].heads.ms[1] = std::numeric_limits<double>::infinity();
  expect_says(error_of([&] { to_json(broken); }), "ms[1]");
}

TEST(LatencyTable, IsOfOneModelAndOneMachine) {
  const LatencyTable table = hand_made();
  const TwoSites model;
  check_model(table, {"m"}, model.layout, "t");
  check_model(table, {"m", "c", "inputs"}, model.layout, "t");
  expect_says(error_of([&] { check_model(table, {"other"}, model.layout, "t"); }), "t is of another model: the weights differ");
  expect_says(error_of([&] { check_model(table, {"m"}, whole_layout(2, 5), "t"); }),
              "at most 4 heads in layer 0, but the model has 5");
  expect_says(error_of([&] { check_model(table, {"m"}, whole_layout(3, 4), "t"); }),
              "t has times of no heads in layer 2, but the model has 4");
  LatencySetting here = table.setting;
  here.batch = 7;  // the table's own count
  check_setting(table, here, "t");
  const auto refused = [&](const std::function<void(LatencySetting&)>& change, std::string_view said) {
    LatencySetting other = here;
    change(other);
    expect_says(error_of([&] { check_setting(table, other, "t"); }), said);
  };
  refused([](LatencySetting& other) { other.name = "Processor Y"; }, "the processor Processor X, but this run has Processor Y");
  refused([](LatencySetting& other) { other.threads = 3; }, "`threads` 2, but this run has 3");
  refused([](LatencySetting& other) { other.dtype = "bfloat16"; }, "`dtype` float32, but this run has bfloat16");
  refused([](LatencySetting& other) { other.device = "cuda"; }, "`device` cpu, but this run has cuda");
}

}  // namespace
}  // namespace hies::prune
