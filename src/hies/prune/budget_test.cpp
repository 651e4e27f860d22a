#include "hies/prune/budget.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

#include "hies/base/files.h"
#include "hies/prune/test_layouts.h"

namespace hies::prune {
namespace {

using model::HeadCost;
using model::HeadId;
using model::HeadLayout;
using model::HeadTable;
using HeadSet = std::set<HeadId>;

// A model of which a plan is made.
struct Subject {
  HeadLayout layout;
  HeadTable<double> keep_scores;
  HeadTable<HeadCost> costs;
  std::int64_t parameters = 0;
  double flops_per_token = 0;

  Plan plan(const BudgetOptions& options) const {
    return make_plan({"the model", layout, keep_scores, costs, parameters, flops_per_token}, options);
  }
  std::vector<HeadId> heads() const {
    std::vector<HeadId> all;
    for (std::size_t layer = 0; layer < layout.size(); ++layer)
      for (const int head : layout[layer].heads) all.push_back({static_cast<int>(layer), head});
    return all;
  }
  template <class T>
  const T& at(const HeadTable<T>& table, HeadId id) const {
    const auto layer = static_cast<std::size_t>(id.layer);
    return table[layer][static_cast<std::size_t>(layout[layer].position_of(id.head))];
  }
};

// Heads cost 100 + layer parameters and 200 + layer FLOPs, the rest of the model as much as they do.
Subject with_scores(HeadLayout layout, const std::function<double(HeadId)>& score) {
  Subject subject{std::move(layout), {}, {}};
  subject.keep_scores = model::make_head_table<double>(subject.layout);
  subject.costs = model::make_head_table<HeadCost>(subject.layout);
  for (std::size_t layer = 0; layer < subject.layout.size(); ++layer) {
    for (std::size_t position = 0; position < subject.layout[layer].heads.size(); ++position) {
      subject.keep_scores[layer][position] = score({static_cast<int>(layer), subject.layout[layer].heads[position]});
      const HeadCost cost{100 + static_cast<std::int64_t>(layer), 200.0 + static_cast<double>(layer)};
      subject.costs[layer][position] = cost;
      subject.parameters += 2 * cost.parameters;
      subject.flops_per_token += 2 * cost.flops_per_token;
    }
  }
  return subject;
}

// Scores of which many are equal.
Subject random_subject(Rng& rng) {
  return with_scores(random_layout(rng), [&](HeadId) { return static_cast<double>(rng.below(12)) / 4 - 1; });
}

HeadSet removed(const Plan& plan) {
  HeadSet heads;
  for (const auto& [layer, list] : plan.pruned) {
    EXPECT_TRUE(std::is_sorted(list.begin(), list.end()));
    for (const int head : list) EXPECT_TRUE(heads.insert({layer, head}).second);
  }
  return heads;
}

BudgetOptions ratio(double value) { return {.ratio = value}; }

bool contains(const HeadSet& large, const HeadSet& small) {
  return std::includes(large.begin(), large.end(), small.begin(), small.end());
}

// The specification, head by head: the lowest that may go, until `enough`. Empty when that is never.
std::optional<HeadSet> naive(const Subject& subject, const HeadSet& kept, int least, int only_layer,
                             const std::function<bool(const HeadSet&)>& enough) {
  HeadSet gone;
  while (!enough(gone)) {
    std::optional<HeadId> lowest;
    for (const HeadId id : subject.heads()) {
      const auto in_layer = [&](HeadId other) { return other.layer == id.layer; };
      const auto left =
          subject.layout[static_cast<std::size_t>(id.layer)].count() - std::count_if(gone.begin(), gone.end(), in_layer);
      if (kept.contains(id) || gone.contains(id) || left <= least || (only_layer >= 0 && id.layer != only_layer)) continue;
      if (!lowest || subject.at(subject.keep_scores, id) < subject.at(subject.keep_scores, *lowest)) lowest = id;
    }
    if (!lowest) return std::nullopt;
    gone.insert(*lowest);
  }
  return gone;
}

double parameter_share(const Subject& subject, const HeadSet& heads) {
  std::int64_t sum = 0;
  for (const HeadId id : heads) sum += subject.at(subject.costs, id).parameters;
  return static_cast<double>(sum) / static_cast<double>(subject.parameters);
}

double flops_share(const Subject& subject, const HeadSet& heads) {
  double sum = 0;  // whole numbers: exact in any order
  for (const HeadId id : heads) sum += subject.at(subject.costs, id).flops_per_token;
  return sum / subject.flops_per_token;
}

// The plan for `options`, or the error, is what `expected` says.
void expect_plan(const Subject& subject, const BudgetOptions& options, const std::optional<HeadSet>& expected) {
  if (!expected) {
    EXPECT_EQ(error_of([&] { subject.plan(options); }).kind(), ErrorKind::bad_input);
    return;
  }
  const Plan plan = subject.plan(options);
  EXPECT_EQ(removed(plan), *expected);
  EXPECT_EQ(plan.information["heads"]["removed"], expected->size());
  EXPECT_EQ(plan.information["parameters"]["share"], subject.parameters > 0 ? parameter_share(subject, *expected) : 0);
  EXPECT_EQ(plan.information["flops_per_token"]["share"], subject.parameters > 0 ? flops_share(subject, *expected) : 0);
}

TEST(Budget, CountsOfAllRatios) {
  Rng rng(1);
  for (const HeadLayout& layout : {whole_layout(12, 12), whole_layout(4, 8), whole_layout(1, 1), whole_layout(3, 5),
                                   random_layout(rng), random_layout(rng), HeadLayout{}}) {
    const Subject subject = with_scores(layout, [&](HeadId) { return rng.uniform(); });
    const int present = model::head_count(layout);
    for (int percent = 0; percent <= 100; ++percent) {
      const Plan plan = subject.plan(ratio(percent / 100.0));
      EXPECT_EQ(plan.pruned_count(), static_cast<int>(std::floor(percent / 100.0 * present + 0.5)))
          << percent << " of " << present;
      EXPECT_EQ(plan.information["heads"]["before"], present);
    }
  }
}

TEST(Budget, LowestGoFirstAndTiesByPlace) {
  Subject subject = with_scores(whole_layout(2, 3), [](HeadId) { return 0.5; });
  EXPECT_EQ(removed(subject.plan({.heads = 4})), (HeadSet{{0, 0}, {0, 1}, {0, 2}, {1, 0}}));
  subject.keep_scores = {{0.5, 0.5, -0.0}, {0.0, 0.75, -2}};
  EXPECT_EQ(removed(subject.plan({.heads = 1})), (HeadSet{{1, 2}}));
  EXPECT_EQ(removed(subject.plan({.heads = 2})), (HeadSet{{0, 2}, {1, 2}}));  // 0 and -0 are equal
  EXPECT_EQ(removed(subject.plan({.heads = 4})), (HeadSet{{0, 0}, {0, 2}, {1, 0}, {1, 2}}));
  EXPECT_EQ(removed(subject.plan({.heads = 6})).size(), 6u);
  EXPECT_TRUE(removed(subject.plan({.heads = 0})).empty());
}

TEST(Budget, IndicesStayThoseOfTheOriginal) {
  // What an earlier plan left; a second one composes.
  const HeadLayout original = whole_layout(2, 6);
  Plan earlier;
  earlier.pruned = {{0, {0, 2, 3}}, {1, {5}}};
  const HeadLayout layout = pruned_layout(earlier, original);
  const Subject subject = with_scores(layout, [](HeadId id) { return 10.0 * id.layer + id.head; });
  const Plan plan = subject.plan(ratio(0.5));
  EXPECT_EQ(removed(plan), (HeadSet{{0, 1}, {0, 4}, {0, 5}, {1, 0}}));
  Plan both = earlier;
  for (const auto& [layer, heads] : plan.pruned) both.pruned[layer].insert(both.pruned[layer].end(), heads.begin(), heads.end());
  EXPECT_EQ(pruned_layout(plan, layout), pruned_layout(both, original));
}

TEST(Budget, PlansAreNested) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    SCOPED_TRACE(seed);
    Rng rng(seed);
    const Subject subject = random_subject(rng);
    const int present = model::head_count(subject.layout);
    const bool uniform = seed % 2 == 0;
    HeadSet before;
    for (int percent = 0; percent <= 100; ++percent) {
      const HeadSet now = removed(subject.plan({.ratio = percent / 100.0, .uniform = uniform}));
      EXPECT_TRUE(contains(now, before)) << percent;
      before = now;
    }
    EXPECT_EQ(static_cast<int>(before.size()), present);
    before.clear();
    for (int percent = 0; present > 0 && percent <= 50; ++percent) {
      const HeadSet now = removed(subject.plan({.params_ratio = percent / 100.0}));
      EXPECT_TRUE(contains(now, before)) << percent;
      before = now;
    }
  }
}

TEST(Budget, EqualsTheSpecification) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    SCOPED_TRACE(seed);
    Rng rng(seed + 1000);
    const Subject subject = random_subject(rng);
    const auto present = static_cast<double>(model::head_count(subject.layout));
    BudgetOptions limits;
    limits.min_heads_per_layer = static_cast<std::int64_t>(rng.below(3));
    HeadSet kept;
    for (const HeadId id : subject.heads()) {
      if (rng.below(6) != 0) continue;
      kept.insert(id);
      limits.protect += fmt::format("{}{}:{}", limits.protect.empty() ? "" : ",", id.layer, id.head);
    }
    const int least = static_cast<int>(limits.min_heads_per_layer);
    const double share = rng.uniform() * rng.uniform();
    const auto at_least = [](double count) {
      return [=](const HeadSet& gone) { return static_cast<double>(gone.size()) >= count; };
    };

    BudgetOptions options = limits;
    options.ratio = share;
    expect_plan(subject, options, naive(subject, kept, least, -1, at_least(std::floor(share * present + 0.5))));

    options.uniform = true;
    std::optional<HeadSet> expected = HeadSet();
    for (std::size_t layer = 0; layer < subject.layout.size() && expected; ++layer) {
      const double count = std::floor(share * subject.layout[layer].count() + 0.5);
      const auto own = naive(subject, kept, least, static_cast<int>(layer), at_least(count));
      if (own) expected->insert(own->begin(), own->end());
      if (!own) expected.reset();
    }
    expect_plan(subject, options, expected);

    if (present == 0) continue;
    options = limits;
    options.heads = static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(present) + 1));
    expect_plan(subject, options, naive(subject, kept, least, -1, at_least(static_cast<double>(*options.heads))));

    options = limits;
    options.params_ratio = share;
    expect_plan(subject, options,
                naive(subject, kept, least, -1, [&](const HeadSet& gone) { return parameter_share(subject, gone) >= share; }));
    options = limits;
    options.flops_ratio = share;
    expect_plan(subject, options,
                naive(subject, kept, least, -1, [&](const HeadSet& gone) { return flops_share(subject, gone) >= share; }));
  }
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
  expect_says(error, "params-ratio is 0.51, but all heads that can go hold 0.5 of the model's parameters");
  expect_says(error_of([&] { subject.plan({.flops_ratio = 1.0}); }), "hold 0.5 of the model's FLOPs");
  const Error less = error_of([&] { subject.plan({.flops_ratio = 0.4, .min_heads_per_layer = 2}); });
  const double reachable = 401.0 / subject.flops_per_token;
  EXPECT_EQ(less.hint(), fmt::format("give a flops-ratio of at most {}", reachable));
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
  expect_says(all, "ratio 1 is 8 heads, but only 6 can go");
  EXPECT_NE(all.hint().find("min-heads-per-layer"), std::string::npos);
  expect_says(error_of([&] { subject.plan({.heads = 8, .protect = "0:1"}); }), "the budget is 8 heads, but only 7 can go");
  expect_says(error_of([&] { subject.plan({.ratio = 0.75, .uniform = true, .protect = "1:1,1:2"}); }),
              "ratio 0.75 of layer 1 is 3 heads, but only 2 can go");
  EXPECT_TRUE(removed(subject.plan({.ratio = 0.0, .min_heads_per_layer = 99})).empty());
  // A layer that has fewer already keeps them.
  const Subject thin = with_scores({whole_layout(1, 2)[0], whole_layout(1, 5)[0]}, [](HeadId id) { return id.layer; });
  EXPECT_EQ(removed(thin.plan({.heads = 2, .min_heads_per_layer = 3})), (HeadSet{{1, 0}, {1, 1}}));
}

TEST(Budget, KvHeadsThatGoAreListed) {
  const HeadLayout grouped = {{{0, 1, 2, 3}, {0, 1}, 4, 2, 8}, {{0, 1}, {0, 1}, 2, 2, 8}};
  Subject subject = with_scores(grouped, [](HeadId) { return 0.0; });
  subject.keep_scores = {{3, 0, 0, 0}, {1, 0}};
  const Plan plan = subject.plan({.heads = 4});
  EXPECT_EQ(removed(plan), (HeadSet{{0, 1}, {0, 2}, {0, 3}, {1, 1}}));
  EXPECT_EQ(plan.information["pruned_kv"], (Json{{"0", {1}}, {"1", {1}}}));
  EXPECT_EQ(subject.plan({.heads = 0}).information["pruned_kv"], Json::object());
}

TEST(Budget, PlanSaysWhatWasAskedAndSaved) {
  const Subject subject = with_scores(whole_layout(2, 3), [](HeadId id) { return -id.layer; });
  const Plan plan = subject.plan(ratio(0.3));
  EXPECT_EQ(plan.model_hash, "the model");
  EXPECT_EQ(plan.units, "head");
  const Json& told = plan.information;
  EXPECT_EQ(told["ratio"], 2.0 / 6);
  EXPECT_EQ(told["budget"]["ratio"], 0.3);
  EXPECT_TRUE(told["budget"]["heads"].is_null());
  EXPECT_EQ(told["heads"], (Json{{"before", 6}, {"removed", 2}, {"share", 2.0 / 6}}));
  EXPECT_EQ(told["parameters"], (Json{{"before", 1206}, {"removed", 202}, {"share", 202.0 / 1206}}));
  EXPECT_EQ(told["flops_per_token"], (Json{{"before", 2406.0}, {"removed", 402.0}, {"share", 402.0 / 2406}}));
  EXPECT_EQ(plan_from_json(parse_json(pretty(to_json(plan)), "p.json"), "p.json").information, told);
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
  expect(ratio(nan), "ratio is nan");
  expect(ratio(-0.01), "ratio is -0.01");
  expect(ratio(30), "ratio is 30, but it must be 0 … 1");
  expect({.params_ratio = 1.5}, "params-ratio is 1.5");
  expect({.flops_ratio = nan}, "flops-ratio is nan");
  expect({.ratio = 0.1, .heads = 3}, "ratio and heads are two budgets");
  expect({.params_ratio = 0.1, .flops_ratio = 0.1}, "params-ratio and flops-ratio are two budgets");
  expect({.heads = -1}, "heads is -1");
  expect({.heads = 9}, "heads is 9, but the model has only 8");
  expect({.heads = 3, .uniform = true}, "uniform goes with ratio, not with heads");
  expect({.ratio = 0.1, .min_heads_per_layer = -1}, "min-heads-per-layer is -1");
  for (const char* text :
       {"3", "1:", ":1", "1:2:3", "0:1,", ",0:1", "0:1,,0:2", "a:1", "-1:0", "0:+1", "0;1", " ", "99999999999:0"})
    expect({.ratio = 0.1, .protect = text}, "is not LAYER:HEAD");
  expect({.ratio = 0.1, .protect = "0:1,2:0"}, "'2:0': the model has no layer 2");
  expect({.ratio = 0.1, .protect = "1:4"}, "'1:4': layer 1 has no head 4");
}

TEST(Budget, BadModels) {
  Subject subject = with_scores({{{0, 2}, {0, 2}, 3, 3, 8}}, [](HeadId) { return 1.0; });
  expect_says(error_of([&] { subject.plan({.ratio = 0.1, .protect = "0:1"}); }), "head 1 of layer 0 is already gone");
  subject.keep_scores[0][1] = std::nan("");
  expect_says(error_of([&] { subject.plan(ratio(0.1)); }), "keep-score of layer 0, head 2 is nan");
  subject.keep_scores[0].pop_back();
  EXPECT_EQ(error_of([&] { subject.plan(ratio(0.1)); }).kind(), ErrorKind::internal);
}

}  // namespace
}  // namespace hies::prune
