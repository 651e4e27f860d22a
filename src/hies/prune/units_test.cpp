// Plans and what they leave where query heads share KV heads.

#include <gtest/gtest.h>

#include "hies/model/units.h"
#include "hies/prune/left_heads.h"
#include "hies/prune/runtimes.h"
#include "hies/prune/test_models.h"

namespace hies::prune {
namespace {

using model::HeadId;
using model::HeadLayout;
using model::LayerHeads;
using model::UnitKind;

constexpr model::Portability kLlama = {.pruned_heads = false, .head_dim = true, .served = true, .per_layer = true};

// Layers of K KV heads with `each` query heads each.
HeadLayout grouped_layout(int layers, int kv_heads, int each) {
  LayerHeads layer = whole_layout(1, kv_heads * each)[0];
  layer.kv_heads = whole_layout(1, kv_heads)[0].heads;
  layer.original_kv_heads = kv_heads;
  return HeadLayout(static_cast<std::size_t>(layers), layer);
}

Subject grouped(int layers, int kv_heads, int each, std::uint64_t seed) {
  Rng rng(seed);
  Subject subject = with_scores(grouped_layout(layers, kv_heads, each), [&](HeadId) { return rng.uniform(); });
  subject.kv_cost = {1000, 2000};
  return subject;
}

// The plan for units whose keep-score is the sum of their heads'.
Plan plan_of(const Subject& subject, UnitKind kind, const BudgetOptions& options, const model::Portability& family = kLlama) {
  const model::UnitLayout units = model::make_units(subject.layout, kind, subject.keep_scores);
  model::HeadTable<double> scores(units.size());
  for (std::size_t layer = 0; layer < units.size(); ++layer)
    for (const std::vector<int>& unit : units[layer]) {
      double sum = 0;
      for (const int head : unit) sum += subject.at(subject.keep_scores, {static_cast<int>(layer), head});
      scores[layer].push_back(sum);
    }
  return subject.plan(options, kind, units, scores, family);
}

// Query heads of each KV head that is left.
std::map<int, int> group_sizes(const LayerHeads& layer, const std::vector<int>& heads) {
  std::map<int, int> sizes;
  for (const int head : heads) ++sizes[layer.kv_of(head)];
  return sizes;
}

TEST(LeftHeads, KvHeadGoesWithItsLastQueryHead) {
  const LayerHeads layer = grouped_layout(1, 2, 3)[0];
  EXPECT_EQ(left_heads(layer, {3, 4, 5}), (LayerHeads{{0, 1, 2}, {0}, 6, 2, 8}));
  EXPECT_EQ(left_heads(layer, {0, 1, 2, 3, 4, 5}), (LayerHeads{{}, {}, 6, 2, 8}));
}

TEST(LeftHeads, ShortGroupsKeepDeadHeads) {
  const LayerHeads layer = grouped_layout(1, 3, 3)[0];
  const LayerHeads left = left_heads(layer, {1, 3, 5, 6, 7, 8});
  EXPECT_EQ(left, (LayerHeads{{0, 2, 3, 4}, {0, 1}, 9, 3, 8, {3}}));
  EXPECT_EQ(left.live(), (std::vector<int>{0, 2, 4}));
  // The dead head is of use no more once the other group is as short.
  EXPECT_EQ(left_heads(left, {0}), (LayerHeads{{2, 4}, {0, 1}, 9, 3, 8}));
  // A KV head each: nothing to fill up.
  EXPECT_TRUE(left_heads(whole_layout(1, 4)[0], {0, 2}).dead.empty());
}

TEST(UnitPlans, GroupsGoWhole) {
  const Subject subject = grouped(3, 4, 3, 1);
  for (int units = 0; units <= 12; ++units) {
    const Plan plan = plan_of(subject, UnitKind::kv_group, {.ratio = units / 12.0});
    EXPECT_EQ(plan.units, "kv-group");
    EXPECT_EQ(plan.pruned_count(), 3 * units);
    EXPECT_EQ(plan.information["unit_count"], (Json{{"before", 12}, {"removed", units}, {"share", units / 12.0}}));
    EXPECT_EQ(plan.information["ratio"], units / 12.0);
    EXPECT_FALSE(plan.information.contains("dead"));
    EXPECT_NO_THROW(check_plan(plan, "the model", subject.layout, "p"));
    int kv = 0;
    for (const auto& [layer, heads] : plan.information["pruned_kv"].items()) kv += static_cast<int>(heads.size());
    EXPECT_EQ(kv, units);
    for (const LayerHeads& layer : pruned_layout(plan, subject.layout))
      for (const auto& [kv_head, count] : group_sizes(layer, layer.heads)) EXPECT_EQ(count, 3) << kv_head;
  }
}

TEST(UnitPlans, EvenKeepsGroupsAlike) {
  const Subject subject = grouped(2, 3, 4, 2);
  for (int units = 0; units <= 8; ++units) {
    const Plan plan = plan_of(subject, UnitKind::even, {.ratio = units / 8.0});
    EXPECT_EQ(plan.pruned_count(), 3 * units);
    EXPECT_NO_THROW(check_plan(plan, "the model", subject.layout, "p"));
    EXPECT_FALSE(plan.information.contains("dead"));
    for (const LayerHeads& layer : pruned_layout(plan, subject.layout)) {
      const auto sizes = group_sizes(layer, layer.heads);
      for (const auto& [kv_head, count] : sizes) EXPECT_EQ(count, sizes.begin()->second) << kv_head;
    }
  }
}

TEST(UnitPlans, AreNested) {
  for (const UnitKind kind : {UnitKind::head, UnitKind::kv_group, UnitKind::even}) {
    for (const bool uniform : {false, true}) {
      const Subject subject = grouped(3, 2, 4, 3);
      HeadSet before;
      for (int percent = 0; percent <= 100; ++percent) {
        const HeadSet now = removed(plan_of(subject, kind, {.ratio = percent / 100.0, .uniform = uniform}));
        EXPECT_TRUE(std::includes(now.begin(), now.end(), before.begin(), before.end()));
        before = now;
      }
      EXPECT_EQ(before.size(), 24U);
    }
  }
}

TEST(UnitPlans, SavingsAreThoseOfWhatIsLeft) {
  for (const UnitKind kind : {UnitKind::head, UnitKind::kv_group, UnitKind::even}) {
    const Subject subject = grouped(2, 3, 4, 4);
    for (const double ratio : {0.1, 0.3, 0.5, 0.9, 1.0}) {
      const Plan plan = plan_of(subject, kind, {.ratio = ratio});
      const HeadLayout left = pruned_layout(plan, subject.layout);
      std::int64_t saved = 0;
      for (std::size_t layer = 0; layer < left.size(); ++layer)
        saved += (12 - left[layer].count()) * (100 + static_cast<std::int64_t>(layer)) + (3 - left[layer].kv_count()) * 1000;
      EXPECT_EQ(plan.information["parameters"]["removed"], saved);
      const int dead = model::dead_head_count(left);
      int told = 0;
      if (plan.information.contains("dead"))
        for (const auto& [layer, heads] : plan.information["dead"].items()) told += static_cast<int>(heads.size());
      EXPECT_EQ(told, dead);
      if (kind != UnitKind::head) {
        EXPECT_EQ(dead, 0);
      }
    }
  }
}

TEST(UnitPlans, BudgetsCountWholeUnits) {
  Subject subject = grouped(1, 4, 2, 5);
  EXPECT_EQ(plan_of(subject, UnitKind::kv_group, {.heads = 3}).pruned_count(), 4);
  EXPECT_EQ(plan_of(subject, UnitKind::kv_group, {.heads = 4}).pruned_count(), 4);
  // The first group gives 2 × 100 and 1000 for its KV head.
  subject.parameters = 12000;
  EXPECT_EQ(plan_of(subject, UnitKind::kv_group, {.params_ratio = 0.1}).pruned_count(), 2);
  EXPECT_EQ(plan_of(subject, UnitKind::kv_group, {.params_ratio = 0.11}).pruned_count(), 4);
  // A protected head keeps its group.
  const HeadSet gone = removed(plan_of(subject, UnitKind::kv_group, {.heads = 6, .protect = "0:3"}));
  EXPECT_EQ(gone, (HeadSet{{0, 0}, {0, 1}, {0, 4}, {0, 5}, {0, 6}, {0, 7}}));
  EXPECT_EQ(plan_of(subject, UnitKind::kv_group, {.heads = 4, .min_heads_per_layer = 3}).pruned_count(), 4);
  expect_says(error_of([&] { plan_of(subject, UnitKind::kv_group, {.ratio = 0.75, .min_heads_per_layer = 3}); }),
              "ratio 0.75 is 3 units, but only 2 can go");
}

TEST(UnitPlans, PartsOfUnitsAreRefused) {
  const Subject subject = grouped(1, 2, 2, 6);
  Plan plan = plan_of(subject, UnitKind::kv_group, {.heads = 2});
  plan.pruned = {{0, {0}}};
  expect_says(error_of([&] { check_plan(plan, "the model", subject.layout, "p.json"); }),
              "p.json: units are 'kv-group', but of the 2 heads of KV head 0 in layer 0 the plan takes 1");
  plan.units = "even";
  expect_says(error_of([&] { check_plan(plan, "the model", subject.layout, "p.json"); }), "units are 'even'");
  plan.pruned = {{0, {1, 2}}};
  EXPECT_NO_THROW(check_plan(plan, "the model", subject.layout, "p.json"));
  plan.pruned = {{0, {0}}};
  plan.units = "head";
  EXPECT_NO_THROW(check_plan(plan, "the model", subject.layout, "p.json"));
}

TEST(UnitPlans, DeadHeadsAreGone) {
  Subject subject = grouped(1, 2, 2, 7);
  subject.layout[0].dead = {1};
  subject.keep_scores = {{1, 3, 2}};
  const Plan plan = subject.plan({.ratio = 0.67});
  EXPECT_EQ(removed(plan), (HeadSet{{0, 0}, {0, 3}}));
  EXPECT_EQ(plan.information["heads"]["before"], 3);
  expect_says(error_of([&] { subject.plan({.heads = 1, .protect = "0:1"}); }), "head 1 of layer 0 is already gone");
  Plan by_hand = plan;
  by_hand.pruned = {{0, {1}}};
  expect_says(error_of([&] { check_plan(by_hand, "the model", subject.layout, "p"); }), "head 1 of layer 0 is already gone");
}

using Names = std::vector<std::string>;

TEST(Runtimes, DependOnFamilyAndHeads) {
  const model::Portability bert = {.pruned_heads = true};
  HeadLayout uniform = whole_layout(3, 4);
  for (LayerHeads& layer : uniform) layer = left_heads(layer, {1});
  HeadLayout different = uniform;
  different[1] = left_heads(different[1], {0});
  HeadLayout emptied = uniform;
  emptied[1] = left_heads(emptied[1], {0, 2, 3});
  EXPECT_EQ(fitting_runtimes(kLlama, uniform), (Names{"transformers", "transformers-4", "vllm", "sglang", "tensorrt-llm",
                                                      "llama.cpp", "onnxruntime", "transformers.js"}));
  EXPECT_EQ(fitting_runtimes(kLlama, different), (Names{"llama.cpp", "onnxruntime", "transformers.js"}));
  EXPECT_EQ(fitting_runtimes(kLlama, emptied), (Names{"llama.cpp", "onnxruntime", "transformers.js"}));
  EXPECT_EQ(fitting_runtimes(bert, different), (Names{"transformers-4", "onnxruntime", "transformers.js"}));
  EXPECT_EQ(fitting_runtimes(bert, emptied), (Names{"onnxruntime", "transformers.js"}));
  std::swap(emptied[0], emptied[1]);
  EXPECT_EQ(fitting_runtimes(kLlama, emptied), (Names{"onnxruntime", "transformers.js"}));
  HeadLayout illegal = grouped_layout(1, 2, 2);
  illegal[0].heads = {0, 1, 2};
  EXPECT_EQ(fitting_runtimes(kLlama, illegal), (Names{"onnxruntime", "transformers.js"}));
}

TEST(Runtimes, TargetsRefuseWhatTheyCannotRun) {
  const Subject subject = grouped(2, 4, 2, 8);
  const auto plan = [&](const BudgetOptions& options, const model::Portability& family = kLlama) {
    return plan_of(subject, UnitKind::kv_group, options, family);
  };
  const Error uneven = error_of([&] { plan({.ratio = 0.125, .target = "vllm"}); });
  EXPECT_EQ(uneven.kind(), ErrorKind::bad_input);
  expect_says(uneven, "vllm cannot take this plan: it needs the same number of heads in every layer");
  EXPECT_NO_THROW(plan({.ratio = 0.25, .uniform = true, .target = "vllm"}));
  EXPECT_NO_THROW(plan({.ratio = 0.125, .target = "llama.cpp"}));
  expect_says(error_of([&] { plan({.ratio = 0.125, .target = "llama.cpp"}, {.pruned_heads = true}); }), "of this family");
  expect_says(error_of([&] { plan({.ratio = 0.125, .target = "vlm"}); }), "unknown target 'vlm'");
  EXPECT_EQ(plan({.ratio = 0.25, .uniform = true}).information["fits"].size(), 8U);
}

}  // namespace
}  // namespace hies::prune
