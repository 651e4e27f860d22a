// Tables of sites, budgets and refits, from records by hand.

#include "hies/evidence/site_fronts.h"
#include "hies/evidence/test_records.h"

namespace hies::evidence {
namespace {

constexpr const char* kFlops = "matrix_flops_ratio";

std::vector<Record> sites_and_refits() {
  return {
      cell("none", 0).quality(0.9).flops(1000),
      cell("fisher", 0.2).seed(0).sites("attention", kFlops).quality(0.80).stability(0.7).flops(800),
      cell("fisher", 0.2).seed(1).sites("attention", kFlops).quality(0.84).stability(0.8).flops(800),
      cell("fisher", 0.2).seed(0).sites("ffn", kFlops).quality(0.85).flops(820),
      cell("fisher", 0.4).seed(0).sites("ffn", kFlops).quality(0.86).flops(640),  // as good and cheaper
      cell("fisher", 0.2).seed(0).sites("attention", kFlops).refit("all", 4, 1).quality(0.88).stability(0.9).flops(800),
      cell("fisher", 0.2).seed(1).sites("attention", kFlops).refit("all", 2, 1).quality(0.90).stability(0.9).flops(800),
      cell("his", 0.2).seed(0).quality(0.5).flops(900),
  };
}

TEST(SiteTables, QualityComparesSharesOfOneThing) {
  const Tables t(sites_and_refits());
  EXPECT_EQ(t.texts("quality", "ratio of"),
            (std::vector<std::string>{"", "units", "matrix FLOPs", "matrix FLOPs", "matrix FLOPs", "matrix FLOPs"}));
  expect_spread(t.at("quality", {"fisher, by matrix FLOPs, refit all"}, "sst2 (accuracy, %)"), 89, std::sqrt(2.0), 2);
  EXPECT_TRUE(t.at("quality", {"fisher, by matrix FLOPs, refit all"}, "sst2 (accuracy, %)").best);
  EXPECT_FALSE(t.at("quality", {"his"}, "sst2 (accuracy, %)").best);  // alone
  expect_single(t.at("quality", {"0.2", "fisher, neurons, by matrix FLOPs"}, "sst2 (accuracy, %)"), 85);
}

TEST(SiteTables, FrontsAreOfOneKindOfSitesAndRefitEach) {
  const Tables t(sites_and_refits());
  // his costs more than fisher and is worse.
  EXPECT_EQ(t.texts("pareto-sites", "units"), (std::vector<std::string>{"heads", "heads", "neurons"}));
  EXPECT_EQ(t.texts("pareto-sites", "refit"), (std::vector<std::string>{"none", "all", "none"}));
  // The dearer and worse plan of neurons is not on their front.
  EXPECT_EQ(t.at("pareto-sites", {"neurons"}, "ratio").value, 0.4);
  expect_spread(t.at("pareto-sites", {"all"}, "value"), 89, std::sqrt(2.0), 2);
  EXPECT_EQ(t.at("pareto-sites", {"all"}, "left").value, 800);
  // With one kind there is nothing to tell apart.
  EXPECT_FALSE(Tables({cell("none", 0), cell("his", 0.2).seed(0)}).has("pareto-sites"));
}

TEST(SiteTables, LatencyHasAFrontWhereItWasMeasured) {
  std::vector<Record> records = sites_and_refits();
  records[1].measured.latency_ms = Latency{4, 4, 4, 5, 1.25, 3};
  records[5].measured.latency_ms = records[1].measured.latency_ms;
  const Tables t(records);
  const auto rows = t.rows("pareto-sites", {"latency, ms"});
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0]->cells[t.column("pareto-sites", "left")].value, 4);
  EXPECT_NEAR(*rows[0]->cells[t.column("pareto-sites", "removed, %")].value, 20, 1e-9);
}

TEST(RefitTables, CompareTheSameMasks) {
  const Tables t(sites_and_refits());
  ASSERT_EQ(t.table("refit").rows.size(), 1u);
  expect_spread(t.at("refit", {"sst2"}, "without"), 82, std::sqrt(8.0), 2);
  expect_spread(t.at("refit", {"sst2"}, "with"), 89, std::sqrt(2.0), 2);
  expect_spread(t.at("refit", {"sst2"}, "divergence without"), 1.5, std::sqrt(0.5), 2);
  expect_spread(t.at("refit", {"sst2"}, "divergence with"), 0.5, 0, 2);
  expect_spread(t.at("refit-layers", {"ffn"}, "error without"), 3, std::sqrt(2.0), 2);
  expect_spread(t.at("refit-layers", {"ffn"}, "removed, %"), 62.5, std::sqrt(312.5), 2);
  EXPECT_FALSE(Tables({cell("none", 0), cell("his", 0.2).seed(0)}).has("refit"));
}

}  // namespace
}  // namespace hies::evidence
