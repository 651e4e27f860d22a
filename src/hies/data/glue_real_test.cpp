// The official GLUE files, where the checkout has them beside it.
#include <map>

#include "hies/data/rows.h"
#include "hies/data/test_files.h"

namespace hies::data {
namespace {

struct GlueFile {
  const char* task;
  const char* path;
  std::int64_t rows;
};

class Glue : public testing::TestWithParam<GlueFile> {};

TEST_P(Glue, EveryRowIsReadAndLabelled) {
  const std::filesystem::path path = std::filesystem::path(HIES_SHARED_DIR) / "data/glue" / GetParam().path;
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not there";
  const Task& task = data::task(GetParam().task);
  model::ModelSpec spec;
  spec.problem = task.problem;
  spec.labels = task.problem == model::Problem::regression ? std::vector<std::string>{"LABEL_0"} : task.labels;
  const Rows rows = load_rows(path, task, LoadOptions{}, spec, silent_progress());
  EXPECT_EQ(rows.size(), GetParam().rows);
  EXPECT_EQ(rows.pairs, task.text_count == TextCount::two);
  std::map<double, std::int64_t> counts;
  for (const double label : rows.labels) ++counts[label];
  if (task.problem == model::Problem::regression) {
    EXPECT_GE(counts.begin()->first, 0);
    EXPECT_LE(counts.rbegin()->first, 5);
  } else {
    ASSERT_EQ(counts.size(), task.labels.size());
    for (const auto& [label, count] : counts) EXPECT_GT(count, rows.size() / 5) << label;  // no label is rare in these tasks
  }
}

INSTANTIATE_TEST_SUITE_P(Files, Glue,
                         testing::Values(GlueFile{"sst2", "SST-2/train.tsv", 67349}, GlueFile{"sst2", "SST-2/dev.tsv", 872},
                                         GlueFile{"cola", "CoLA/train.tsv", 8551}, GlueFile{"cola", "CoLA/dev.tsv", 1043},
                                         GlueFile{"mrpc", "MRPC/train.tsv", 3668}, GlueFile{"mrpc", "MRPC/dev.tsv", 408},
                                         GlueFile{"rte", "RTE/train.tsv", 2490}, GlueFile{"rte", "RTE/dev.tsv", 277},
                                         GlueFile{"stsb", "STS-B/train.tsv", 5749}, GlueFile{"stsb", "STS-B/dev.tsv", 1500},
                                         GlueFile{"qnli", "QNLI/dev.tsv", 5463}));

}  // namespace
}  // namespace hies::data
