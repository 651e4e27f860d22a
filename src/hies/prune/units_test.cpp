// Plans and what they leave where query heads share KV heads.

#include <gtest/gtest.h>

#include "hies/model/units.h"
#include "hies/prune/remaining.h"
#include "hies/prune/runtimes.h"
#include "hies/prune/test_models.h"

namespace hies::prune {
namespace {

using model::Layout;
using model::SiteLayout;
using model::UnitKind;

constexpr arch::Portability kLlama = {.pruned_heads = false, .head_dim = true, .served = true, .per_layer = true};

// K KV heads with `each` query heads each.
SiteLayout grouped_site(int kv_heads, int each) {
  SiteLayout site = whole_site(kv_heads * each);
  site.kv_heads = whole_site(kv_heads).units;
  site.original_kv_heads = kv_heads;
  return site;
}

Layout grouped_layout(int layers, int kv_heads, int each) {
  return layout_of(std::vector<SiteLayout>(static_cast<std::size_t>(layers), grouped_site(kv_heads, each)));
}

Subject grouped(int layers, int kv_heads, int each, std::uint64_t seed) {
  Rng rng(seed);
  Subject subject = with_scores(grouped_layout(layers, kv_heads, each), [&](HeadId) { return rng.uniform(); });
  subject.kv_cost = {1000, 2000};
  return subject;
}

// The plan for units whose keep-score is the sum of their heads'.
Plan plan_of(const Subject& subject, UnitKind kind, const BudgetOptions& options, const arch::Portability& family = kLlama) {
  const model::UnitGroups units = model::make_units(subject.layout, model::SiteKind::attention, kind, subject.keep_scores);
  model::UnitTable<double> scores;
  for (const auto& [site, groups] : units) {
    scores[site] = {};
    for (const std::vector<int>& unit : groups) {
      double sum = 0;
      for (const int head : unit) sum += subject.at(subject.keep_scores, {site.layer, head});
      scores[site].push_back(sum);
    }
  }
  return subject.plan(options, kind, units, scores, family);
}

// Query heads of each KV head that is left.
std::map<int, int> group_sizes(const SiteLayout& layer) {
  std::map<int, int> sizes;
  for (const int head : layer.units) ++sizes[layer.kv_of(head)];
  return sizes;
}

void check(const Plan& plan, const Subject& subject) { check_plan(plan, {"the model"}, subject.layout, "p.json"); }

TEST(Remaining, KvHeadIsRemovedWithItsLastQueryHead) {
  const SiteLayout layer = grouped_site(2, 3);
  EXPECT_EQ(remaining(layer, {3, 4, 5}), (SiteLayout{{0, 1, 2}, {0}, 6, 2, 8}));
  EXPECT_EQ(remaining(layer, {0, 1, 2, 3, 4, 5}), (SiteLayout{{}, {}, 6, 2, 8}));
}

TEST(Remaining, ShortGroupsKeepPaddingHeads) {
  const SiteLayout layer = grouped_site(3, 3);
  const SiteLayout left = remaining(layer, {1, 3, 5, 6, 7, 8});
  EXPECT_EQ(left, (SiteLayout{{0, 2, 3, 4}, {0, 1}, 9, 3, 8, {3}}));
  EXPECT_EQ(left.active(), (std::vector<int>{0, 2, 4}));
  EXPECT_EQ(removed_so_far(layout_of({left})).text(), "attention.0:1,3,5-8");
  // The padding head is of use no more once the other group is as short.
  EXPECT_EQ(remaining(left, {0}), (SiteLayout{{2, 4}, {0, 1}, 9, 3, 8}));
  // A KV head each: nothing to fill up.
  EXPECT_TRUE(remaining(whole_site(4), {0, 2}).padding.empty());
}

TEST(Remaining, NeuronsNeedNoPadding) {
  const SiteLayout neurons{{0, 1, 2, 3}, {}, 4, 0, 1};
  EXPECT_EQ(remaining(neurons, {2, 0}), (SiteLayout{{1, 3}, {}, 4, 0, 1}));
  EXPECT_EQ(remaining(neurons, {3, 1, 0, 2}), (SiteLayout{{}, {}, 4, 0, 1}));
}

TEST(UnitPlans, GroupsGoWhole) {
  const Subject subject = grouped(3, 4, 3, 1);
  for (int units = 0; units <= 12; ++units) {
    const Plan plan = plan_of(subject, UnitKind::kv_group, {.ratio = units / 12.0});
    EXPECT_EQ(plan.units, "kv-group");
    EXPECT_EQ(plan.removed_count(), 3 * units);
    EXPECT_EQ(plan.information["unit_count"], (Json{{"before", 12}, {"removed", units}, {"share", units / 12.0}}));
    EXPECT_EQ(plan.information["ratio"], units / 12.0);
    EXPECT_FALSE(plan.information.contains("padding"));
    EXPECT_NO_THROW(check(plan, subject));
    int kv = 0;
    for (const auto& [layer, heads] : plan.information["removed_kv_heads"].items())
      kv += static_cast<int>(model::parse_ranges(heads.get<std::string>()).size());
    EXPECT_EQ(kv, units);
    for (const auto& [site, layer] : pruned_layout(plan, subject.layout))
      for (const auto& [kv_head, count] : group_sizes(layer)) EXPECT_EQ(count, 3) << kv_head;
  }
}

TEST(UnitPlans, EvenKeepsGroupsAlike) {
  const Subject subject = grouped(2, 3, 4, 2);
  for (int units = 0; units <= 8; ++units) {
    const Plan plan = plan_of(subject, UnitKind::even, {.ratio = units / 8.0});
    EXPECT_EQ(plan.removed_count(), 3 * units);
    EXPECT_NO_THROW(check(plan, subject));
    EXPECT_FALSE(plan.information.contains("padding"));
    for (const auto& [site, layer] : pruned_layout(plan, subject.layout)) {
      const auto sizes = group_sizes(layer);
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
      const Layout left = pruned_layout(plan, subject.layout);
      std::int64_t saved = 0;
      for (const auto& [site, layer] : left)
        saved += (12 - layer.count()) * (100 + std::int64_t{site.layer}) + (3 - layer.kv_count()) * 1000;
      EXPECT_EQ(plan.information["parameters"]["removed"], saved);
      const std::int64_t padding = left.padding_count(model::SiteKind::attention);
      std::int64_t stored = 0;
      if (plan.information.contains("padding")) stored = model::unit_set_from_json(plan.information["padding"], "plan").count();
      EXPECT_EQ(stored, padding);
      if (kind != UnitKind::head) {
        EXPECT_EQ(padding, 0);
      }
    }
  }
}

TEST(UnitPlans, BudgetsCountWholeUnits) {
  Subject subject = grouped(1, 4, 2, 5);
  EXPECT_EQ(plan_of(subject, UnitKind::kv_group, {.heads = 3}).removed_count(), 4);
  EXPECT_EQ(plan_of(subject, UnitKind::kv_group, {.heads = 4}).removed_count(), 4);
  // The first group gives 2 × 100 and 1000 for its KV head.
  subject.parameters = 12000;
  EXPECT_EQ(plan_of(subject, UnitKind::kv_group, {.params_ratio = 0.1}).removed_count(), 2);
  EXPECT_EQ(plan_of(subject, UnitKind::kv_group, {.params_ratio = 0.11}).removed_count(), 4);
  // A protected head keeps its group.
  const HeadSet heads = removed(plan_of(subject, UnitKind::kv_group, {.heads = 6, .protect = "0:3"}));
  EXPECT_EQ(heads, (HeadSet{{0, 0}, {0, 1}, {0, 4}, {0, 5}, {0, 6}, {0, 7}}));
  EXPECT_EQ(plan_of(subject, UnitKind::kv_group, {.heads = 4, .min_heads_per_layer = 3}).removed_count(), 4);
  expect_says(error_of([&] { plan_of(subject, UnitKind::kv_group, {.ratio = 0.75, .min_heads_per_layer = 3}); }),
              "ratio 0.75 is 3 units, but only 2 can be removed");
}

TEST(UnitPlans, PartsOfUnitsAreRefused) {
  const Subject subject = grouped(1, 2, 2, 6);
  Plan plan = plan_of(subject, UnitKind::kv_group, {.heads = 2});
  plan.removed = heads_of({{0, {0}}});
  expect_says(error_of([&] { check(plan, subject); }),
              "p.json: units are 'kv-group', but of the 2 heads of KV head 0 in layer 0 the plan takes 1");
  plan.units = "even";
  expect_says(error_of([&] { check(plan, subject); }), "units are 'even'");
  plan.removed = heads_of({{0, {1, 2}}});
  EXPECT_NO_THROW(check(plan, subject));
  plan.removed = heads_of({{0, {0}}});
  plan.units = "head";
  EXPECT_NO_THROW(check(plan, subject));
}

TEST(UnitPlans, PaddingHeadsAreRemoved) {
  Subject subject = grouped(1, 2, 2, 7);
  subject.layout.attention(0).padding = {1};
  subject.keep_scores = table_of<double>({{1, 3, 2}});
  const Plan plan = subject.plan({.ratio = 0.67});
  EXPECT_EQ(removed(plan), (HeadSet{{0, 0}, {0, 3}}));
  EXPECT_EQ(plan.information["heads"]["before"], 3);
  expect_says(error_of([&] { subject.plan({.heads = 1, .protect = "0:1"}); }), "head 1 of layer 0 is already removed");
  Plan by_hand = plan;
  by_hand.removed = heads_of({{0, {1}}});
  expect_says(error_of([&] { check(by_hand, subject); }), "head 1 of layer 0 is already removed");
}

using Names = std::vector<std::string>;

TEST(Runtimes, DependOnFamilyAndHeads) {
  const arch::Portability bert = {.pruned_heads = true};
  const SiteLayout three = remaining(whole_site(4), {1}), two = remaining(three, {0}), none = remaining(three, {0, 2, 3});
  const Layout uniform = layout_of({three, three, three}), different = layout_of({three, two, three});
  Layout emptied = layout_of({three, none, three});
  EXPECT_EQ(fitting_runtimes(kLlama, uniform), (Names{"transformers", "transformers-4", "vllm", "sglang", "tensorrt-llm",
                                                      "llama.cpp", "onnxruntime", "transformers.js"}));
  EXPECT_EQ(fitting_runtimes(kLlama, different), (Names{"llama.cpp", "onnxruntime", "transformers.js"}));
  EXPECT_EQ(fitting_runtimes(kLlama, emptied), (Names{"llama.cpp", "onnxruntime", "transformers.js"}));
  EXPECT_EQ(fitting_runtimes(bert, different), (Names{"transformers-4", "onnxruntime", "transformers.js"}));
  EXPECT_EQ(fitting_runtimes(bert, emptied), (Names{"onnxruntime", "transformers.js"}));
  emptied = layout_of({none, three, three});
  EXPECT_EQ(fitting_runtimes(kLlama, emptied), (Names{"onnxruntime", "transformers.js"}));
  Layout illegal = grouped_layout(1, 2, 2);
  illegal.attention(0).units = {0, 1, 2};
  EXPECT_EQ(fitting_runtimes(kLlama, illegal), (Names{"onnxruntime", "transformers.js"}));
}

TEST(Runtimes, WantAsManyNeuronsInEveryLayer) {
  Layout layout = whole_layout(2, 4);
  layout[model::ffn_site(0)] = layout[model::ffn_site(1)] = {{0, 2}, {}, 3, 0, 1};
  EXPECT_EQ(fitting_runtimes(kLlama, layout).size(), 8U);
  layout[model::ffn_site(1)].units = {0};
  EXPECT_EQ(fitting_runtimes(kLlama, layout), (Names{"llama.cpp", "onnxruntime", "transformers.js"}));
  EXPECT_EQ(fitting_runtimes({.pruned_heads = true}, layout), (Names{"onnxruntime", "transformers.js"}));
  expect_says(error_of([&] { check_target("vllm", kLlama, layout); }), "layer 0 keeps 2 and layer 1 keeps 1");
  // Where no head is removed, no program meets other numbers of heads.
  layout[model::ffn_site(1)].units = {1, 2};
  EXPECT_EQ(fitting_runtimes({.pruned_heads = true}, layout),
            (Names{"transformers", "transformers-4", "onnxruntime", "transformers.js"}));
  EXPECT_EQ(fitting_runtimes({.pruned_heads = true, .ffn_width = false}, layout), (Names{"onnxruntime", "transformers.js"}));
  layout.attention(0) = remaining(layout.attention(0), {1});
  EXPECT_EQ(fitting_runtimes({.pruned_heads = true}, layout), (Names{"transformers-4", "onnxruntime", "transformers.js"}));
}

TEST(Runtimes, TargetsRefuseWhatTheyCannotRun) {
  const Subject subject = grouped(2, 4, 2, 8);
  const auto plan = [&](const BudgetOptions& options, const arch::Portability& family = kLlama) {
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
