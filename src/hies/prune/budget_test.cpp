#include "hies/prune/budget.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

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

}  // namespace
}  // namespace hies::prune
