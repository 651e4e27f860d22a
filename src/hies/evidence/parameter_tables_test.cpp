// Tables beyond the paper's layout, from records by hand.

#include <cmath>

#include "hies/evidence/test_records.h"

namespace hies::evidence {
namespace {

// Quality of hies by (alpha, seed) at one ratio.
void add(std::vector<Record>& records, double ratio, double alpha, const std::vector<double>& by_seed,
         const std::string& loss = "ce") {
  for (std::size_t seed = 0; seed < by_seed.size(); ++seed)
    records.push_back(cell("hies", ratio)
                          .seed(static_cast<std::int64_t>(seed))
                          .alpha(alpha)
                          .loss(loss)
                          .quality(by_seed[seed])
                          .stability(by_seed[seed] / 2));
}

std::vector<Record> grid() {
  std::vector<Record> records;
  add(records, 0.2, 0.0, {0.60, 0.62});
  add(records, 0.2, 0.5, {0.70, 0.74});
  add(records, 0.2, 0.7, {0.80, 0.70});
  add(records, 0.2, 1.0, {0.90, 0.50});
  add(records, 0.6, 0.0, {0.50, 0.50});
  add(records, 0.6, 0.5, {0.40, 0.40});
  add(records, 0.6, 0.7, {0.30, 0.30});
  add(records, 0.6, 1.0, {0.20, 0.20});
  return records;
}

TEST(AlphaTables, FindTheBestTheMedianAndTheWorst) {
  const Tables t(grid());
  // At ratio 0.2 the means are 61, 72, 75, 70: best 0.7, then 0.5, 1, 0.
  const std::vector<std::string> low = {"0.2"}, high = {"0.6"};
  EXPECT_EQ(t.at("alpha-curves", low, "best α").value, 0.7);
  expect_spread(t.at("alpha-curves", low, "best quality"), 75, std::sqrt(50.0), 2);
  expect_spread(t.at("alpha-curves", low, "best stability, %"), 37.5, std::sqrt(12.5), 2);
  EXPECT_EQ(t.at("alpha-curves", low, "median α").value, 0.5);  // of the middle two the better
  expect_spread(t.at("alpha-curves", low, "median quality"), 72, std::sqrt(8.0), 2);
  EXPECT_EQ(t.at("alpha-curves", low, "worst α").value, 0);
  expect_spread(t.at("alpha-curves", low, "worst quality"), 61, std::sqrt(2.0), 2);
  EXPECT_EQ(t.at("alpha-curves", high, "best α").value, 0);
  EXPECT_EQ(t.at("alpha-curves", high, "median α").value, 0.5);
  EXPECT_EQ(t.at("alpha-curves", high, "worst α").value, 1);
}

TEST(AlphaTables, ShowTheWholeGrid) {
  std::vector<Record> records = grid();
  add(records, 0.2, 0.7, {0.99}, "logit-norm");
  const Tables t(records);
  EXPECT_EQ(t.texts("alpha-quality", "α"), (std::vector<std::string>{"0.0", "0.5", "0.7", "1.0", "0.7"}));
  EXPECT_EQ(t.texts("alpha-quality", "method").back(), "hies, loss logit-norm");
  expect_spread(t.at("alpha-quality", {"hies", "1.0"}, "ratio 0.2"), 70, std::sqrt(800.0), 2);
  expect_spread(t.at("alpha-quality", {"hies", "1.0"}, "ratio 0.6"), 20, 0, 2);
}

TEST(CalibrationSizeTables, ShowEverySizeOfAMethod) {
  std::vector<Record> records;
  for (const std::int64_t size : {1, 32, 128})
    for (std::int64_t seed = 0; seed < 2; ++seed)
      records.push_back(
          cell("his", 0.4).seed(seed).loss("ce").examples(size).quality(0.5 + 0.001 * static_cast<double>(size * seed)));
  records.push_back(cell("hies", 0.4).seed(0).alpha(0.3).loss("ce").examples(32));
  records.push_back(cell("hies", 0.4).seed(0).alpha(0.7).loss("ce").examples(32));
  records.push_back(cell("hies", 0.4).seed(0).alpha(0.7).loss("ce").examples(1));
  const Tables t(records);
  EXPECT_EQ(t.texts("calibration-size-quality", "method"),
            (std::vector<std::string>{"his", "his", "his", "hies α = 0.7", "hies α = 0.7"}));
  EXPECT_EQ(t.texts("calibration-size-quality", "examples"), (std::vector<std::string>{"1", "32", "128", "1", "32"}));
  expect_spread(t.at("calibration-size-quality", {"his", "32"}, "ratio 0.4"), 51.6, std::sqrt(5.12), 2);
  expect_spread(t.at("calibration-size-stability", {"his", "128"}, "ratio 0.4"), 100, 0, 2);
  EXPECT_EQ(t.texts("quality", "method"), (std::vector<std::string>{"his", "hies α = 0.7"}));
  expect_spread(t.at("quality", {"his"}, "sst2 (accuracy, %)"), 51.6, std::sqrt(5.12), 2);  // other sizes are not mixed in
  EXPECT_FALSE(Tables(grid()).has("calibration-size-quality"));
}

TEST(LossTables, PutTheLossesOfAMethodSideBySide) {
  std::vector<Record> records = grid();
  add(records, 0.2, 0.7, {0.85, 0.85}, "logit-norm");
  add(records, 0.2, 0.0, {0.61, 0.61}, "logit-norm");
  for (Record& record : std::vector<Record>{cell("hies-logit", 0.6).seed(0).alpha(0.7).loss("logit-norm").quality(0.1)})
    records.push_back(record);
  const Tables t(records);
  // alpha 0 is left out: the loss has no part in it; alpha 1 has one loss only.
  EXPECT_EQ(t.texts("loss-quality", "method"), (std::vector<std::string>{"hies α = 0.7", "hies α = 0.7", "hies α = 0.7"}));
  EXPECT_EQ(t.texts("loss-quality", "loss"), (std::vector<std::string>{"the task's", "logit-norm", "the task's"}));
  EXPECT_TRUE(t.at("loss-quality", {"0.2", "logit-norm"}, "sst2 (accuracy, %)").best);
  expect_spread(t.at("loss-quality", {"0.2", "the task's"}, "sst2 (accuracy, %)"), 75, std::sqrt(50.0), 2);
  EXPECT_FALSE(Tables(grid()).has("loss-quality"));
}

TEST(ChoiceTable, TellsWhatTheChosenAlphaGains) {
  std::vector<Record> records = grid();
  for (const double ratio : {0.2, 0.6})
    for (std::int64_t seed = 0; seed < 2; ++seed)
      records.push_back(cell("hies", ratio)
                            .seed(seed)
                            .chosen_alpha(0.5)
                            .loss("ce")
                            .quality(ratio == 0.6 ? 0.40
                                     : seed == 0  ? 0.70
                                                  : 0.74));
  const Tables t(records);
  const auto at = [&](const char* ratio, const char* title) { return t.at("auto", {ratio}, title); };
  EXPECT_EQ(at("0.2", "chosen").text, "α = 0.5");
  EXPECT_EQ(at("0.2", "best").text, "α = 0.7");
  EXPECT_EQ(at("0.2", "usual").text, "α = 0.7");
  expect_spread(at("0.2", "quality"), 72, std::sqrt(8.0), 2);
  expect_spread(at("0.2", "gain over best"), -3, std::sqrt(98.0), 2);   // of -10 and 4
  expect_spread(at("0.2", "gain over α = 1"), 2, std::sqrt(968.0), 2);  // of -20 and 24
  EXPECT_EQ(at("0.6", "best").text, "α = 0");
  expect_spread(at("0.6", "gain over best"), -10, 0, 2);
  expect_spread(at("0.6", "gain over usual"), 10, 0, 2);
  // Areas, ratio 0.6 three times as heavy: chosen 47.5 and 48.5; alpha 0: 52.5 and 53; alpha 0.7: 42.5 and 40; alpha 1: 37.5, 27.5.
  EXPECT_EQ(at("wAUC", "best").text, "α = 0");
  expect_spread(at("wAUC", "quality"), 48, std::sqrt(0.5), 2);
  expect_spread(at("wAUC", "gain over best"), -4.75, std::sqrt(0.125), 2);
  expect_spread(at("wAUC", "gain over usual"), 6.75, std::sqrt(6.125), 2);
  expect_spread(at("wAUC", "gain over α = 1"), 15.5, std::sqrt(60.5), 2);
  EXPECT_FALSE(Tables(grid()).has("auto"));
}

TEST(ChoiceTable, TellsWhatTheChosenLossGains) {
  const auto his = [](const char* loss, double quality) { return cell("his", 0.5).seed(0).loss(loss).quality(quality); };
  std::vector<Record> records = {his("ce", 0.7), his("logit-norm", 0.8), his("pseudo-label", 0.9),
                                 cell("his", 0.5).seed(0).chosen_loss("logit-norm").quality(0.8)};
  const Tables t(records);
  EXPECT_EQ(t.at("auto", {"0.5"}, "chosen").text, "loss logit-norm");
  EXPECT_EQ(t.at("auto", {"0.5"}, "best").text, "loss pseudo-label");
  expect_single(t.at("auto", {"0.5"}, "gain over best"), -10);
  EXPECT_EQ(t.at("auto", {"0.5"}, "usual").text, "loss ce");
  expect_single(t.at("auto", {"0.5"}, "gain over usual"), 10);
  EXPECT_EQ(t.at("auto", {"0.5"}, "α = 1").text, "");
}

TEST(BoundTables, ShowTheTermsBesideTheIncrease) {
  const auto made = [](const char* method, double ratio, std::int64_t seed, double first, double second, double increase) {
    Made m = cell(method, ratio).seed(seed);
    m.record.measured.bound = {"ce", first, second, second / 2, increase, "scores/s.json"};
    return m.record;
  };
  std::vector<Record> records = {made("none", 0, 0, 0, 0, 0), made("his", 0.2, 0, 1, 10, 0.1), made("his", 0.2, 1, 3, 5, 0.3),
                                 made("his", 0.4, 0, 4, 20, 0.2), made("his", 0.4, 1, 5, 1, 0.4)};
  const Tables t(records);
  expect_spread(t.at("bound", {"0.2"}, "first order"), 2, std::sqrt(2.0), 2);
  expect_spread(t.at("bound", {"0.2"}, "second order"), 7.5, std::sqrt(12.5), 2);
  expect_spread(t.at("bound", {"0.2"}, "second order by heads"), 3.75, std::sqrt(3.125), 2);
  expect_spread(t.at("bound", {"0.4"}, "increase"), 0.3, std::sqrt(0.02), 2);
  // Ranks of the increase: 1 3 2 4. First order 1 2 3 4: 1 − 6·2/60. Both orders 11, 8, 24, 6, ranks 3 2 4 1: 1 − 6·18/60.
  EXPECT_NEAR(*t.at("bound-correlation", {"all"}, "first order").value, 0.8, 1e-12);
  EXPECT_NEAR(*t.at("bound-correlation", {"all"}, "both orders").value, -0.8, 1e-12);
  EXPECT_EQ(t.at("bound-correlation", {"all"}, "cells").value, 4);
  EXPECT_NEAR(*t.at("bound-correlation", {"0.4"}, "first order").value, 1, 1e-12);

  records.resize(2);
  records[1].measured.bound.second_order.reset();
  const Tables bare(records);
  EXPECT_FALSE(bare.at("bound", {"0.2"}, "second order").value);
  EXPECT_FALSE(bare.has("bound-correlation"));  // of one cell there is none
}

TEST(ParetoTables, HoldWhatNoOtherRecordBeats) {
  const Tables t({cell("none", 0).quality(0.9), cell("his", 0.2).seed(0).quality(0.88), cell("his", 0.2).seed(1).quality(0.86),
                  cell("l2", 0.3).quality(0.91).stability(0.2), cell("random", 0.6).seed(4).quality(0.5).stability(0.9)});
  const std::vector<const TableRow*> heads = t.rows("pareto-quality", {"heads"});
  ASSERT_EQ(heads.size(), 2u);  // l2 beats the unpruned model, too
  EXPECT_EQ(heads[0]->cells[t.column("pareto-quality", "method")].text, "random");
  EXPECT_EQ(heads[0]->cells[t.column("pareto-quality", "left")].value, 4);
  EXPECT_EQ(heads[0]->cells[t.column("pareto-quality", "removed, %")].value, 60);
  EXPECT_EQ(heads[0]->cells[t.column("pareto-quality", "seed")].value, 4);
  EXPECT_EQ(heads[1]->cells[t.column("pareto-quality", "method")].text, "l2");
  EXPECT_EQ(heads[1]->cells[t.column("pareto-quality", "value")].value, 91);
  EXPECT_FALSE(heads[1]->cells[t.column("pareto-quality", "seed")].value);
  EXPECT_EQ(t.rows("pareto-quality", {"parameters"})[1]->cells[t.column("pareto-quality", "left")].value, 940);
  EXPECT_EQ(t.rows("pareto-stability", {"FLOPs per example"}).size(), 2u);  // random, and his: as stable as the unpruned model
}

TEST(LatencyTable, HoldsWhatWasMeasured) {
  Made measured = cell("his", 0.2).seed(0);
  measured.record.measured.latency_ms = Latency{5.5, 5.25, 6, 6.5, 1.1875, 181};
  const Tables t({measured, cell("his", 0.2).seed(1), cell("his", 0.4).seed(0)});
  ASSERT_EQ(t.table("latency").rows.size(), 1u);
  EXPECT_EQ(t.at("latency", {"his"}, "median").value, 5.5);
  EXPECT_EQ(t.at("latency", {"his"}, "third quartile").value, 6);
  EXPECT_EQ(t.at("latency", {"his"}, "unpruned").value, 6.5);
  EXPECT_EQ(t.at("latency", {"his"}, "times as fast").value, 1.1875);
  EXPECT_FALSE(Tables(grid()).has("latency"));
}

}  // namespace
}  // namespace hies::evidence
