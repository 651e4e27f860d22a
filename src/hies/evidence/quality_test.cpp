// The paper's tables, methods × tasks × ratios, from records by hand.

#include <cmath>

#include "hies/base/error.h"
#include "hies/base/rng.h"
#include "hies/evidence/series.h"
#include "hies/evidence/test_records.h"

namespace hies::evidence {
namespace {

constexpr const char* kSst2 = "sst2 (accuracy, %)";
constexpr const char* kMrpc = "mrpc (f1, %)";

Made on_mrpc(Made made) { return made.run("mrpc", "mrpc", "f1"); }
Made on_cola(Made made) { return made.run("cola", "cola", "matthews"); }

std::vector<Record> two_tasks() {
  return {
      cell("none", 0).quality(0.92),
      cell("his", 0.5).seed(0).quality(0.80).stability(0.75).loss("ce"),
      cell("his", 0.5).seed(1).quality(0.90).stability(0.85).loss("ce"),
      cell("l2", 0.5).quality(0.88).stability(0.9),
      on_mrpc(cell("none", 0)).quality(0.88),
      on_mrpc(cell("his", 0.5)).seed(0).quality(0.70).stability(0.8).loss("ce"),
      on_mrpc(cell("his", 0.5)).seed(1).quality(0.72).stability(0.9).loss("ce"),
      on_mrpc(cell("l2", 0.5)).quality(0.60).stability(0.7),
  };
}

TEST(QualityTables, AreMethodsByTasksAndRatios) {
  const Tables t(two_tasks());
  EXPECT_EQ(t.texts("quality", "method"), (std::vector<std::string>{"unpruned", "l2", "his"}));
  EXPECT_EQ(t.texts("quality", "ratio"), (std::vector<std::string>{"0.0", "0.5", "0.5"}));
  ASSERT_EQ(t.table("quality").columns.size(), 5u);
  expect_single(t.at("quality", {"unpruned"}, kSst2), 92);
  expect_spread(t.at("quality", {"his"}, kSst2), 85, std::sqrt(50.0), 2);
  expect_spread(t.at("quality", {"his"}, kMrpc), 71, std::sqrt(2.0), 2);
  expect_single(t.at("quality", {"l2"}, kMrpc), 60);
  EXPECT_TRUE(t.at("quality", {"l2"}, kSst2).best);
  EXPECT_FALSE(t.at("quality", {"his"}, kSst2).best);
  EXPECT_TRUE(t.at("quality", {"his"}, kMrpc).best);
  EXPECT_FALSE(t.at("quality", {"unpruned"}, kSst2).best);

  expect_single(t.at("stability", {"unpruned"}, "average"), 100);
  expect_spread(t.at("stability", {"his"}, "sst2 (stability, %)"), 80, std::sqrt(50.0), 2);
  EXPECT_FALSE(t.has("quality-paper-form"));
}

TEST(QualityTables, TheAverageIsOfTheSeeds) {
  const Tables t(two_tasks());
  expect_single(t.at("quality", {"unpruned"}, "average"), 90);
  expect_spread(t.at("quality", {"his"}, "average"), 78, std::sqrt(18.0), 2);  // of 75 and 81
  expect_single(t.at("quality", {"l2"}, "average"), 74);
  EXPECT_TRUE(t.at("quality", {"his"}, "average").best);
}

TEST(QualityTables, SeedsThatAreMissingLeaveNoFalseAverage) {
  std::vector<Record> records = two_tasks();
  records.erase(records.begin() + 6);  // his, seed 1, of mrpc
  const Tables one_seed(records);
  expect_single(one_seed.at("quality", {"his"}, kMrpc), 70);
  expect_single(one_seed.at("quality", {"his"}, "average"), 77.5);  // of 85 and 70; seeds differ, so no sd
  records.erase(records.begin() + 5);
  const Tables no_seed(records);
  EXPECT_FALSE(no_seed.at("quality", {"his"}, kMrpc).value);
  EXPECT_FALSE(no_seed.at("quality", {"his"}, "average").value);
  EXPECT_FALSE(no_seed.at("quality", {"l2"}, "average").best);  // alone in its column
}

TEST(QualityTables, CorrelationsAreRawAndInThePapersForm) {
  std::vector<Record> records = two_tasks();
  records.push_back(on_cola(cell("none", 0)).quality(0.5));
  records.push_back(on_cola(cell("his", 0.5)).seed(0).quality(0.1));
  records.push_back(on_cola(cell("his", 0.5)).seed(1).quality(0.3));
  const Tables t(records);
  expect_spread(t.at("quality", {"his"}, "cola (matthews)"), 0.2, std::sqrt(0.02), 2);
  EXPECT_EQ(t.table("quality").columns.back().title, "cola (matthews)");  // no average of per cent and correlations
  expect_spread(t.at("quality-paper-form", {"his"}, "cola ((1 + matthews) / 2, %)"), 60, std::sqrt(50.0), 2);
  expect_single(t.at("quality-paper-form", {"unpruned"}, "cola ((1 + matthews) / 2, %)"), 75);
  expect_single(t.at("quality-paper-form", {"unpruned"}, kSst2), 92);
  expect_spread(t.at("quality-paper-form", {"his"}, "average"), 72, 22 / 3.0 / std::sqrt(2.0), 2);  // of 205/3 and 227/3
}

TEST(QualityTables, OneAlphaStandsBesideTheEndsAndTheChosenOne) {
  std::vector<Record> records;
  for (const double alpha : {0.0, 0.2, 0.6, 0.8, 1.0}) records.push_back(cell("hies", 0.3).seed(0).alpha(alpha).loss("ce"));
  records.push_back(cell("hies", 0.3).seed(0).chosen_alpha(0.2).loss("ce"));
  records.push_back(cell("hies", 0.3).seed(0).alpha(0.6).loss("ce").examples(64));
  records.push_back(cell("hies", 0.3).seed(0).alpha(0.6).loss("logit-norm").uniform());
  records.push_back(cell("random", 0.3).seed(0));
  records.push_back(cell("hies-logit", 0.3).seed(0).alpha(1).loss("logit-norm"));
  EXPECT_EQ(Tables(records).texts("quality", "method"),
            (std::vector<std::string>{"random", "hies α = 0", "hies α = 0.6", "hies α = 1", "hies α auto",
                                      "hies/uniform α = 0.6, loss logit-norm", "hies-logit α = 1"}));
  const Tables other(records, {}, {.examples = 32, .alpha = 0.75});
  EXPECT_EQ(other.texts("quality", "method")[2], "hies α = 0.8");
}

TEST(QualityTables, TheTasksOwnLossIsOneRowWhateverItsName) {
  Made stsb = cell("his", 0.5).seed(0).loss("mse").run("stsb", "stsb", "pearson");
  const Tables t({cell("his", 0.5).seed(0).loss("ce"), cell("his", 0.5).seed(0).loss("mse"), stsb,
                  cell("his", 0.5).seed(0).chosen_loss("mse")});
  EXPECT_EQ(t.texts("quality", "method"), (std::vector<std::string>{"his", "his, loss mse", "his, loss auto"}));
}

TEST(QualityTables, WithoutLabelsThereIsStability) {
  Record record = cell("his", 0.5).seed(0).stability(0.5);
  record.measured.metrics.clear();
  const Tables t({record});
  EXPECT_FALSE(t.has("quality"));
  EXPECT_FALSE(t.has("pareto-quality"));
  expect_single(t.at("stability", {"his"}, "sst2 (stability, %)"), 50);
}

TEST(QualityTables, WhereLowIsGoodTheLowestIsBest) {
  const auto made = [](const char* method, double value) {
    return cell(method, 0.5).run("r", "regression", "mse").quality(value);
  };
  const Tables t({made("his", 2.5), made("l2", 1.5)});
  EXPECT_TRUE(t.at("quality", {"l2"}, "r (mse)").best);
  EXPECT_FALSE(t.at("quality", {"his"}, "r (mse)").best);
  EXPECT_FALSE(t.has("quality-paper-form"));
}

TEST(RandomTables, TellTheQuartilesOfAllMasks) {
  std::vector<Record> records = {cell("his", 0.5).seed(0).quality(0.9)};
  const std::vector<double> qualities = {0.5, 0.1, 0.4, 0.2, 0.3};
  for (std::size_t i = 0; i < qualities.size(); ++i)
    records.push_back(cell("random", 0.5).seed(static_cast<std::int64_t>(i)).quality(qualities[i]).stability(0.5));
  const Tables t(records);
  ASSERT_EQ(t.table("random-quality").rows.size(), 1u);
  const std::vector<std::pair<const char*, double>> wanted = {
      {"masks", 5},           {"mean", 30},   {"sd", std::sqrt(250.0)}, {"least", 10},
      {"first quartile", 20}, {"median", 30}, {"third quartile", 40},   {"most", 50}};
  for (const auto& [title, value] : wanted) EXPECT_NEAR(*t.at("random-quality", {"random"}, title).value, value, 1e-9) << title;
  expect_spread(t.at("quality", {"random"}, kSst2), 30, std::sqrt(250.0), 5);
  EXPECT_NEAR(*t.at("random-stability", {"random"}, "median").value, 50, 1e-9);
}

TEST(AllTables, DoNotDependOnTheOrderOfTheRecords) {
  std::vector<Record> records = two_tasks();
  for (std::int64_t seed = 0; seed < 3; ++seed)
    for (const double alpha : {0.0, 0.5, 1.0})
      records.insert(records.begin() + 4, cell("hies", 0.5).seed(seed).alpha(alpha).loss("ce").quality(0.1 * alpha));
  std::vector<Record> shuffled = {records.front()};  // the runs' order is that of the records
  Rng rng(3);
  for (const std::int64_t i : permutation(static_cast<std::int64_t>(records.size()) - 1, rng))
    shuffled.push_back(records[static_cast<std::size_t>(i + 1)]);
  const Tables a(records), b(shuffled);
  ASSERT_EQ(a.all().size(), b.all().size());
  for (std::size_t i = 0; i < a.all().size(); ++i) {
    ASSERT_EQ(a.all()[i].rows.size(), b.all()[i].rows.size());
    for (std::size_t k = 0; k < a.all()[i].rows.size(); ++k)
      EXPECT_EQ(a.all()[i].rows[k].cells, b.all()[i].rows[k].cells) << a.all()[i].name;
  }
}

TEST(AllTables, AreNoneWithoutRecords) { EXPECT_TRUE(evidence_tables({}, {}).empty()); }

TEST(AllTables, RefuseATaskThatThereIsNot) {
  Made made = cell("his", 0.5).loss("ce");
  made.record.key.task = "no-such-task";
  EXPECT_THROW(evidence_tables(std::vector<Record>{made}, {}), Error);
}

}  // namespace
}  // namespace hies::evidence
