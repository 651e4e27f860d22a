#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/data/images/archive.h"
#include "hies/data/images/kinds.h"
#include "hies/data/images/raw.h"

namespace hies::data {
namespace {

constexpr std::string_view kImages = "images", kImagesIdx = "idx3", kLabels = "labels", kLabelsIdx = "idx1";

std::uint32_t big_endian(const std::string& content, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(content[at + i]);
  return value;
}

// Numbers of a file of unsigned bytes: its dimensions, then the values. (Format: yann.lecun.com/exdb/mnist.)
struct Idx {
  std::vector<std::uint32_t> dimensions;
  std::string content;  // with the header
  std::size_t begin = 0;
};

Idx read_idx(const std::filesystem::path& file, std::size_t dimensions) {
  Idx idx;
  idx.content = read_uncompressed(file);
  idx.begin = 4 + 4 * dimensions;
  constexpr std::uint32_t kBytes = 0x08;
  if (idx.content.size() < idx.begin || big_endian(idx.content, 0) != (kBytes << 8 | dimensions))
    bad_input("{}: not an IDX file of bytes with {} dimensions", file.string(), dimensions);
  std::uint64_t numbers = 1;
  for (std::size_t i = 0; i < dimensions; ++i) {
    idx.dimensions.push_back(big_endian(idx.content, 4 + 4 * i));
    if (idx.dimensions.back() > 1u << 30 || numbers > std::uint64_t{1} << 40)
      bad_input("{}: the IDX file says it has {} rows of a kind", file.string(), idx.dimensions.back());
    numbers *= idx.dimensions.back();
  }
  if (idx.content.size() - idx.begin != numbers)
    bad_input("{}: the IDX file should hold {} numbers after its header, but holds {}", file.string(), numbers,
              idx.content.size() - idx.begin);
  return idx;
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  if (const std::size_t at = text.rfind(from); at != std::string::npos) text.replace(at, from.size(), to);
  return text;
}

}  // namespace

bool is_idx_name(const std::string& name) { return name.find(kImagesIdx) != std::string::npos; }

ImageSourcePtr open_idx(const std::filesystem::path& file) {
  Idx idx = read_idx(file, 3);
  const std::size_t count = idx.dimensions[0];
  auto source = std::make_unique<RawImages>(file,
                                            RawLayout{.begin = idx.begin,
                                                      .stride = std::size_t{idx.dimensions[1]} * idx.dimensions[2],
                                                      .height = static_cast<int>(idx.dimensions[1]),
                                                      .width = static_cast<int>(idx.dimensions[2]),
                                                      .planes = 1},
                                            std::move(idx.content), count);
  const std::string name = replaced(replaced(file.filename().string(), kImages, kLabels), kImagesIdx, kLabelsIdx);
  const std::filesystem::path beside = file.parent_path() / name;
  if (!is_there(beside)) return source;
  const Idx labels = read_idx(beside, 1);
  if (labels.dimensions[0] != count)
    bad_input("{} holds {} labels, but {} holds {} images", beside.string(), labels.dimensions[0], file.string(), count);
  source->label_name = fmt::format("file '{}'", printable(name));
  source->label_type.values = ColumnType::Values::numbers;
  for (std::size_t i = 0; i < count; ++i)
    source->labels.emplace_back(std::to_string(static_cast<unsigned char>(labels.content[labels.begin + i])));
  return source;
}

}  // namespace hies::data
