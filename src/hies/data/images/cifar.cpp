#include "hies/base/error.h"
#include "hies/base/plain_text.h"
#include "hies/data/images/kinds.h"
#include "hies/data/images/raw.h"

namespace hies::data {
namespace {

// Krizhevsky 2009: one or two bytes of labels, then 32×32 pixels of red, green and blue.
constexpr int kSide = 32;
constexpr std::size_t kPixels = 3 * kSide * kSide, kCoarse = 20;

bool is_cifar100(std::size_t bytes) { return bytes % (kPixels + 1) != 0; }

}  // namespace

std::string cifar_names_file(std::size_t bytes) { return is_cifar100(bytes) ? "fine_label_names.txt" : "batches.meta.txt"; }

ImageSourcePtr open_cifar(const std::filesystem::path& name, std::string content, std::size_t classes,
                          const std::optional<std::string>& names) {
  const std::size_t size = content.size(), labels = is_cifar100(size) ? 2 : 1;
  if (size == 0 || size % (kPixels + labels) != 0)
    bad_input("{}: {} bytes are no whole number of CIFAR images ({} or {} each)", name.string(), size, kPixels + 1, kPixels + 2);
  const std::size_t count = size / (kPixels + labels);
  // CIFAR-100 has coarse labels before the fine ones.
  const bool coarse = labels == 2 && classes == kCoarse;
  const std::size_t at = labels == 2 && !coarse ? 1 : 0;
  std::vector<std::optional<std::string>> read;
  for (std::size_t i = 0; i < count; ++i)
    read.emplace_back(std::to_string(static_cast<unsigned char>(content[i * (kPixels + labels) + at])));
  auto source = std::make_unique<RawImages>(
      name, RawLayout{.begin = labels, .stride = kPixels + labels, .height = kSide, .width = kSide, .planes = 3},
      std::move(content), count);
  source->labels = std::move(read);
  source->label_type.values = ColumnType::Values::numbers;
  if (!names || coarse) return source;
  Lines lines(without_byte_order_mark(*names));
  for (std::string_view line; lines.next(line);)
    if (!line.empty()) source->label_type.class_names.emplace_back(line);
  return source;
}

}  // namespace hies::data
