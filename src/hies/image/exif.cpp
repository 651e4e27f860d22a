#include <optional>

#include "hies/image/decoders.h"

namespace hies::image {
namespace {

// Reads the numbers of a TIFF file, whose first two letters define the byte order.
class Tiff {
 public:
  explicit Tiff(std::span<const std::byte> bytes) : bytes_(bytes), big_(!bytes.empty() && bytes[0] == std::byte{'M'}) {}

  std::optional<std::uint32_t> number(std::size_t at, std::size_t bytes) const {
    if (at > bytes_.size() || bytes_.size() - at < bytes) return std::nullopt;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < bytes; ++i)
      value = value << 8 | std::to_integer<std::uint32_t>(bytes_[at + (big_ ? i : bytes - 1 - i)]);
    return value;
  }

 private:
  std::span<const std::byte> bytes_;
  bool big_;
};

}  // namespace

int exif_orientation(std::span<const std::byte> exif) {
  constexpr std::uint32_t kOrientation = 0x0112, kEntryBytes = 12;
  const Tiff tiff(exif);
  const auto directory = tiff.number(4, 4);
  const auto entries = directory ? tiff.number(*directory, 2) : std::nullopt;
  for (std::uint32_t entry = 0; entries && entry < *entries; ++entry) {
    const std::size_t at = std::size_t{*directory} + 2 + std::size_t{entry} * kEntryBytes;
    if (tiff.number(at, 2) != kOrientation) continue;
    const std::uint32_t value = tiff.number(at + 8, 2).value_or(1);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

}  // namespace hies::image
