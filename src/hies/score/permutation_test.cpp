// Heads of a layer have no order, nor have groups of heads that share keys and values: a checkpoint that holds them in another one
// has the same scores, in that order.

#include <gtest/gtest.h>

#include <cstring>

#include "hies/base/files.h"
#include "hies/score/golden_test.h"
#include "hies/score/scorer.h"
#include "hies/score/statistics/ae.h"
#include "hies/score/statistics/his.h"
#include "hies/score/statistics/weight_norms.h"
#include "hies/score/test_causal_golden.h"

namespace hies::score {
namespace {

// The tensors of a safetensors file, to be changed in place.
class Safetensors {
 public:
  explicit Safetensors(std::filesystem::path path) : path_(std::move(path)), bytes_(read_file(path_)) {
    std::uint64_t header = 0;
    std::memcpy(&header, bytes_.data(), 8);
    data_ = 8 + header;
    header_ = parse_json(std::string_view(bytes_).substr(8, header), path_.string());
  }
  bool has(const std::string& tensor) const { return header_.contains(tensor); }
  // Exchanges the indices from `one` on with those from `other` on, `count` each, along `axis`.
  void exchange(const std::string& tensor, int axis, std::int64_t one, std::int64_t other, std::int64_t count) {
    const auto shape = header_[tensor]["shape"].get<std::vector<std::size_t>>();
    const auto offsets = header_[tensor]["data_offsets"].get<std::vector<std::size_t>>();
    std::size_t rows = 1;
    for (int i = 0; i < axis; ++i) rows *= shape[static_cast<std::size_t>(i)];
    const std::size_t run = (offsets[1] - offsets[0]) / rows, unit = run / shape[static_cast<std::size_t>(axis)];
    for (std::size_t row = 0; row < rows; ++row) {
      const auto at = [&](std::int64_t index) {
        return bytes_.begin() +
               static_cast<std::ptrdiff_t>(data_ + offsets[0] + row * run + static_cast<std::size_t>(index) * unit);
      };
      std::swap_ranges(at(one), at(one + count), at(other));
    }
  }
  void save() const { write_file(path_, bytes_, true); }

 private:
  std::filesystem::path path_;
  std::string bytes_;
  std::size_t data_ = 0;
  Json header_;
};

// Of the heads of a layer, where the same member of the group at the other end stands: heads in reverse order, where each is a group
// of its own.
int mirrored(const model::SiteLayout& layer, int position) {
  const int size = layer.count() / layer.kv_count();
  const int group = position / size, member = position % size;
  return (layer.kv_count() - 1 - group) * size + member;
}

// A copy of the checkpoint, the groups of each layer in reverse order.
std::shared_ptr<const arch::Checkpoint> reversed_copy(const arch::Checkpoint& source, const std::string& name) {
  auto folder = std::filesystem::path(testing::TempDir()) / ("hies_reversed_" + name);
  std::filesystem::remove_all(folder);
  std::filesystem::copy(source.folder(), folder);
  const model::ModelSpec& spec = source.spec();
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".safetensors") continue;
    Safetensors file(entry.path());
    const auto exchange = [&](const std::vector<model::Slice>& one, const std::vector<model::Slice>& other) {
      for (std::size_t i = 0; i < one.size(); ++i) {
        const std::string& stored = source.find(one[i].tensor)->name;
        if (file.has(stored)) file.exchange(stored, one[i].axis, one[i].begin, other[i].begin, one[i].end - one[i].begin);
      }
    };
    for (const model::Site site : spec.layout.sites(model::SiteKind::attention)) {
      const model::SiteLayout& heads = spec.layout.at(site);
      for (int head = 0; head < heads.count(); ++head)
        if (const int other = mirrored(heads, head); head < other)
          exchange(model::unit_slices(spec, site, head), model::unit_slices(spec, site, other));
      for (int head = 0; head < heads.kv_count() / 2; ++head)
        exchange(model::kv_slices(spec, site, head), model::kv_slices(spec, site, heads.kv_count() - 1 - head));
    }
    file.save();
  }
  return std::make_shared<arch::Checkpoint>(arch::Checkpoint::open(folder));
}

void expect_mirrored(const model::Layout& layout, const model::UnitTable<double>& plain, const model::UnitTable<double>& reversed,
                     const std::string& name) {
  model::UnitTable<double> back = reversed;
  for (auto& [site, row] : back)
    for (std::size_t head = 0; head < row.size(); ++head)
      row[head] = reversed.at(site)[static_cast<std::size_t>(mirrored(layout.at(site), static_cast<int>(head)))];
  EXPECT_LE(relative_error(back, plain), 1e-10) << name;
  EXPECT_GT(relative_error(reversed, plain), 1e-3) << name << ": heads are too alike for this test";
}

class Permutation : public testing::TestWithParam<std::string> {};

TEST_P(Permutation, OfHeadsPermutesAllScores) {
  const Golden golden(HIES_SOURCE_DIR "/tests/golden/" + GetParam());
  const auto checkpoint = reversed_copy(*golden.checkpoint, GetParam());
  EXPECT_NE(checkpoint->hash(), golden.checkpoint->hash());
  ScoreOptions options;
  options.tables = {"his", "ae", "l2", "l2-out", "second-order"};
  const Scores plain = score_heads(golden.load(engine::ComputeType::float64), golden.dataset, options);
  const Scores reversed =
      score_heads(engine::Model::load(checkpoint, engine::in_type(engine::ComputeType::float64)), golden.dataset, options);
  for (const auto& [name, table] : plain.tables) expect_mirrored(plain.layout, table, reversed.table(name), name);
  std::filesystem::remove_all(checkpoint->folder());
}

INSTANTIATE_TEST_SUITE_P(All, Permutation, testing::ValuesIn(golden_names()),
                         [](const auto& info) { return test_name(info.param); });

class GroupPermutation : public testing::TestWithParam<std::string> {};

TEST_P(GroupPermutation, OfGroupsPermutesAllScores) {
  const CausalGolden golden(GetParam());
  const auto checkpoint = reversed_copy(*golden.checkpoint, GetParam());
  EXPECT_NE(checkpoint->hash(), golden.checkpoint->hash());
  const ExampleStatistics plain = statistics_of(golden, golden.load(engine::ComputeType::float64), "ce", 2);
  const ExampleStatistics reversed =
      statistics_of(golden, engine::Model::load(checkpoint, engine::in_type(engine::ComputeType::float64)), "ce", 2);
  const model::Layout& layout = golden.layout();
  const auto his = [&](const ExampleStatistics& statistics) { return importance(layout, statistics, Granularity::example, 1); };
  expect_mirrored(layout, his(plain), his(reversed), "his");
  expect_mirrored(layout, entropy(layout, plain), entropy(layout, reversed), "ae");
  expect_mirrored(layout, weight_l2(*golden.checkpoint), weight_l2(*checkpoint), "l2");
  EXPECT_LE(relative_error({reversed.losses}, {plain.losses}), 1e-10);
  std::filesystem::remove_all(checkpoint->folder());
}

// Not llama-mqa, which has one group.
INSTANTIATE_TEST_SUITE_P(All, GroupPermutation,
                         testing::Values("llama-gqa", "llama-mha", "llama-yarn", "mistral-tiny", "qwen2-tiny", "qwen3-tiny",
                                         "gpt2-tiny"),
                         [](const auto& info) { return test_name(info.param); });

}  // namespace
}  // namespace hies::score
