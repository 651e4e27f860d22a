// Scores files, and the files of tables.

#include <cmath>
#include <fstream>
#include <set>

#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/base/test_files.h"
#include "hies/evidence/orthogonality.h"
#include "hies/evidence/test_records.h"

namespace hies::evidence {
namespace {

score::Scores scores(std::int64_t seed, const std::string& loss, const model::UnitTable<double>& his) {
  score::Scores s;
  s.model_info = {"models/small", "bert", {"00112233445566778899aabbccddeeff"}};
  s.options = {{"loss", loss}, {"seed", seed}};
  s.calibration = {"reviews.tsv", 32, 700, "ffeeddccbbaa99887766554433221100", 0.25};
  s.cost = {1000, 1.5e6, 21.875, {}, {}};
  for (const int layer : {0, 1}) {
    const model::Site site = model::attention_site(layer);
    s.layout[site] = {{0, 1}, {0, 1}, 2, 2, 16};
    s.cost.per_unit[site] = {100, 200.5};
    s.cost.per_kv_head[site] = {};
  }
  s.tables["his"] = his;
  s.tables["ae"] = rows({{0.9, 0.7}, {0.5, 0.6}});
  return s;
}

Record ranked_by(const std::string& file, const std::string& bound_file) {
  Made made = cell("his", 0.5).seed(0).loss("ce");
  made.record.key.scores = file;
  made.record.measured.bound.scores = bound_file;
  return made;
}

TEST(OrthogonalityTables, AreOverTheSeedsOfALoss) {
  const model::UnitTable<double> a = rows({{1, 2}, {3, 4}}), b = rows({{4, 3}, {2, 1}}), c = rows({{1, 0}, {0, 0}});
  const ScoresFiles files = {{"a", scores(0, "ce", a)}, {"b", scores(1, "ce", b)}, {"c", scores(0, "logit-norm", c)}};
  const Tables t({ranked_by("a", "a"), ranked_by("b", ""), ranked_by("c", "a"), ranked_by("not read", "")}, files);
  const double first = orthogonality(a, files.at("a").tables.at("ae")).inner_product;
  const double second = orthogonality(b, files.at("a").tables.at("ae")).inner_product;
  EXPECT_NEAR(first, 0.3, 1e-12);     // 0.1 0.2 0.3 0.4 by 1 0.5 0 0.25
  EXPECT_NEAR(second, 0.575, 1e-12);  // 0.4 0.3 0.2 0.1
  expect_spread(t.at("orthogonality", {"ce"}, "inner product"), 0.4375, std::sqrt(2 * 0.1375 * 0.1375), 2);
  expect_single(t.at("orthogonality", {"logit-norm"}, "inner product"), 1);
  EXPECT_NEAR(*t.at("orthogonality-seeds", {"ce", "1"}, "inner product").value, second, 1e-12);
  EXPECT_EQ(t.table("orthogonality-seeds").rows.size(), 3u);
}

TEST(WriteTables, WritesEachInEveryFormatAndReplacesIt) {
  const TestFolder folder;
  folder.folder("scores");
  score::write_scores(folder / "scores/a.json", scores(0, "ce", rows({{1, 2}, {3, 4}})), false);
  const std::vector<Record> records = {ranked_by("scores/a.json", "scores/a.json")};
  write_tables(folder / "", records);
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "tables")) names.insert(entry.path().filename());
  for (const char* name : {"quality", "stability", "orthogonality", "pareto-quality"})
    for (const char* ending : {".md", ".csv", ".tex"}) EXPECT_TRUE(names.contains(std::string(name) + ending)) << name << ending;
  const std::string before = read_file(folder / "tables/quality.md");
  EXPECT_NE(before.find("| his "), std::string::npos);
  folder.write("tables/quality.md", "old");
  write_tables(folder / "", records);
  EXPECT_EQ(read_file(folder / "tables/quality.md"), before);
}

TEST(WriteTables, TheDocumentedTableIsWhatIsWritten) {
  const auto mrpc = [](Made made) { return made.run("mrpc", "mrpc", "f1"); };
  const std::vector<Record> records = {
      cell("none", 0).quality(0.92),
      cell("his", 0.5).seed(0).quality(0.8),
      cell("his", 0.5).seed(1).quality(0.9),
      cell("l2", 0.5).quality(0.88),
      mrpc(cell("none", 0)).quality(0.88),
      mrpc(cell("his", 0.5)).seed(0).quality(0.7),
      mrpc(cell("his", 0.5)).seed(1).quality(0.72),
      mrpc(cell("l2", 0.5)).quality(0.6),
  };
  const TestFolder folder;
  write_tables(folder / "", records);
  const std::string page = read_file(HIES_SOURCE_DIR "/docs/formats.md");
  const std::string open = "```csv\n";
  const std::size_t begin = page.find(open, page.find("## tables/")) + open.size();
  EXPECT_EQ(page.substr(begin, page.find("```", begin) - begin), read_file(folder / "tables/quality.csv"));
}

TEST(WriteTables, SaysWhichScoresAreMissing) {
  const TestFolder folder;
  try {
    write_tables(folder / "", std::vector<Record>{ranked_by("scores/gone.json", "")});
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::io);
    EXPECT_NE(std::string(error.what()).find("gone.json"), std::string::npos);
  }
  EXPECT_FALSE(std::filesystem::exists(folder / "tables"));
}

TEST(WriteTables, EveryTableIsDocumentedAndItsLatexIsAscii) {
  std::vector<Record> records;
  for (const double alpha : {0.0, 0.7, 1.0})
    for (const std::int64_t size : {32, 64}) {
      Made made = cell("hies", 0.5).seed(0).alpha(alpha).loss("ce").examples(size);
      made.record.measured.bound = {"ce", 1, 2, 3, 0.5 + alpha, "a"};
      records.push_back(made);
    }
  records.push_back(cell("hies", 0.5).seed(0).chosen_alpha(0.7).loss("ce"));
  records.push_back(cell("hies", 0.5).seed(0).alpha(0.7).loss("logit-norm"));
  records.push_back(cell("random", 0.5).seed(0));
  records.back().measured.latency_ms = Latency();
  records.push_back(cell("his", 0.5).run("cola", "cola", "matthews"));
  records.push_back(cell("fisher", 0.5).seed(0).sites("attention,ffn", "matrix_flops_ratio").refit("all", 2, 1));
  const TestFolder folder;
  records.front().measured.bound.scores = "scores/a.json";
  for (Record& record : records) record.measured.bound.scores = "scores/a.json";
  folder.folder("scores");
  score::write_scores(folder / "scores/a.json", scores(0, "ce", rows({{1, 2}, {3, 4}})), false);
  write_tables(folder / "", records);
  const std::string page = read_file(HIES_SOURCE_DIR "/docs/formats.md");
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "tables")) {
    if (entry.path().extension() != ".tex") continue;
    ++files;
    EXPECT_NE(page.find("`" + entry.path().stem().string() + "`"), std::string::npos) << entry.path() << " is not documented";
    for (const char c : read_file(entry.path())) ASSERT_LT(static_cast<unsigned char>(c), 0x80) << entry.path();
  }
  EXPECT_EQ(files, 23);  // every table that there is
}

}  // namespace
}  // namespace hies::evidence
