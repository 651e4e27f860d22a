// Heads of a layer have no order: a checkpoint that holds them in another one has the same scores, in that order.

#include <gtest/gtest.h>

#include <cstring>

#include "hies/base/files.h"
#include "hies/score/golden_test.h"
#include "hies/score/scorer.h"

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
  // Puts the parts begin + i·width … of `axis` into reverse order, i = 0 … count-1.
  void reverse_parts(const std::string& tensor, int axis, std::size_t width, std::size_t count) {
    const auto shape = header_[tensor]["shape"].get<std::vector<std::size_t>>();
    const auto offsets = header_[tensor]["data_offsets"].get<std::vector<std::size_t>>();
    std::size_t rows = 1, inner = offsets[1] - offsets[0];  // `inner`: bytes of one row, all parts of `axis` included
    for (int i = 0; i < axis; ++i) rows *= shape[static_cast<std::size_t>(i)];
    inner /= rows;
    const std::size_t part = inner / shape[static_cast<std::size_t>(axis)] * width;
    ASSERT_EQ(part * count, inner) << tensor;
    for (std::size_t row = 0; row < rows; ++row) {
      const std::size_t begin = data_ + offsets[0] + row * inner;
      const std::string old = bytes_.substr(begin, inner);
      for (std::size_t i = 0; i < count; ++i) bytes_.replace(begin + i * part, part, old, (count - 1 - i) * part, part);
    }
  }
  void save() const { write_file(path_, bytes_, true); }

 private:
  std::filesystem::path path_;
  std::string bytes_;
  std::size_t data_ = 0;
  Json header_;
};

// A copy of the golden's checkpoint, the heads of each layer in reverse order.
std::filesystem::path reversed_copy(const Golden& golden, const std::string& name) {
  auto folder = std::filesystem::path(testing::TempDir()) / ("hies_reversed_" + name);
  std::filesystem::remove_all(folder);
  std::filesystem::copy(golden.folder / "model", folder);
  const model::ModelSpec& spec = golden.checkpoint->spec();
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".safetensors") continue;
    Safetensors file(entry.path());
    for (int layer = 0; layer < spec.layer_count(); ++layer) {
      for (const model::HeadSlice& slice : golden.checkpoint->arch().head_slices(spec, layer, 0)) {
        const std::string& stored = golden.checkpoint->find(slice.tensor)->name;
        if (file.has(stored))
          file.reverse_parts(stored, slice.axis, static_cast<std::size_t>(slice.end - slice.begin),
                             spec.layers[static_cast<std::size_t>(layer)].heads.size());
      }
    }
    file.save();
  }
  return folder;
}

class Permutation : public testing::TestWithParam<std::string> {};

TEST_P(Permutation, OfHeadsPermutesAllScores) {
  const Golden golden(HIES_SOURCE_DIR "/tests/golden/" + GetParam());
  const auto folder = reversed_copy(golden, GetParam());
  const auto checkpoint = std::make_shared<model::Checkpoint>(model::Checkpoint::open(folder));
  EXPECT_NE(checkpoint->hash(), golden.checkpoint->hash());
  ScoreOptions options;
  options.tables = {"his", "ae", "l2", "l2-out", "second-order"};
  const Scores plain = score_heads(golden.load(model::ComputeType::float64), golden.dataset, options);
  const Scores reversed = score_heads(model::Model::load(checkpoint, model::ComputeType::float64), golden.dataset, options);
  for (const auto& [name, table] : plain.tables) {
    Table back = reversed.table(name);
    for (auto& row : back) std::reverse(row.begin(), row.end());
    EXPECT_LE(relative_error(back, table), 1e-10) << name;
    EXPECT_GT(relative_error(reversed.table(name), table), 1e-3) << name << ": heads are too alike for this test";
  }
  std::filesystem::remove_all(folder);
}

INSTANTIATE_TEST_SUITE_P(All, Permutation, testing::ValuesIn(golden_names()), [](const auto& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
}  // namespace hies::score
