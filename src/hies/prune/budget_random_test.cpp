// Plans of random models against the specification, done naively.

#include <gtest/gtest.h>

#include <cmath>
#include <optional>

#include "hies/prune/budget.h"
#include "hies/prune/test_models.h"

namespace hies::prune {
namespace {

// Scores of which many are equal. A KV head each: units_test.cpp has groups.
Subject random_subject(Rng& rng) {
  return with_scores(random_layout(rng, false), [&](HeadId) { return static_cast<double>(rng.below(12)) / 4 - 1; });
}

bool contains(const HeadSet& large, const HeadSet& small) {
  return std::includes(large.begin(), large.end(), small.begin(), small.end());
}

// The specification, head by head: the lowest that may go, until `enough`. Empty when that is never.
std::optional<HeadSet> naive(const Subject& subject, const HeadSet& kept, int least, int only_layer,
                             const std::function<bool(const HeadSet&)>& enough) {
  HeadSet removed_heads;
  while (!enough(removed_heads)) {
    std::optional<HeadId> lowest;
    for (const HeadId id : subject.heads()) {
      const auto in_layer = [&](HeadId other) { return other.layer == id.layer; };
      const auto left =
          subject.layout.attention(id.layer).count() - std::count_if(removed_heads.begin(), removed_heads.end(), in_layer);
      if (kept.contains(id) || removed_heads.contains(id) || left <= least || (only_layer >= 0 && id.layer != only_layer))
        continue;
      if (!lowest || subject.at(subject.keep_scores, id) < subject.at(subject.keep_scores, *lowest)) lowest = id;
    }
    if (!lowest) return std::nullopt;
    removed_heads.insert(*lowest);
  }
  return removed_heads;
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

TEST(BudgetOfRandomModels, PlansAreNested) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    SCOPED_TRACE(seed);
    Rng rng(seed);
    const Subject subject = random_subject(rng);
    const auto present = static_cast<int>(subject.layout.count(model::SiteKind::attention));
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

TEST(BudgetOfRandomModels, EqualsTheSpecification) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    SCOPED_TRACE(seed);
    Rng rng(seed + 1000);
    const Subject subject = random_subject(rng);
    const auto present = static_cast<double>(subject.layout.count(model::SiteKind::attention));
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
      return [=](const HeadSet& removed_heads) { return static_cast<double>(removed_heads.size()) >= count; };
    };

    BudgetOptions options = limits;
    options.ratio = share;
    expect_plan(subject, options, naive(subject, kept, least, -1, at_least(std::floor(share * present + 0.5))));

    options.uniform = true;
    std::optional<HeadSet> expected = HeadSet();
    for (int layer = 0; layer < subject.layout.layer_count() && expected; ++layer) {
      const double count = std::floor(share * subject.layout.attention(layer).count() + 0.5);
      const auto own = naive(subject, kept, least, layer, at_least(count));
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
    expect_plan(subject, options, naive(subject, kept, least, -1, [&](const HeadSet& removed_heads) {
                  return parameter_share(subject, removed_heads) >= share;
                }));
    options = limits;
    options.flops_ratio = share;
    expect_plan(subject, options, naive(subject, kept, least, -1, [&](const HeadSet& removed_heads) {
                  return flops_share(subject, removed_heads) >= share;
                }));
  }
}

}  // namespace
}  // namespace hies::prune
