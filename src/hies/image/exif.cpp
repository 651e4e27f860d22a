#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <set>

#include "hies/image/orientation.h"

namespace hies::image {
namespace {

// The types of TIFF 6.0, and those that BigTIFF and Exif's relatives add. Sizes in bytes; 0: no such type.
enum TiffType : std::uint32_t {
  kShort = 3,
  kLong = 4,
  kRational = 5,
  kSignedByte = 6,
  kSignedShort = 8,
  kSignedLong = 9,
  kSignedRational = 10,
  kFloat = 11,
  kDouble = 12,
  kDirectory = 13,
  kLong8 = 16
};
constexpr std::array<std::uint8_t, 17> kTypeBytes = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8};

// Reads the numbers of a TIFF file, whose first letter gives the byte order.
class Tiff {
 public:
  explicit Tiff(std::string_view bytes) : bytes_(bytes), big_(bytes.starts_with('M')) {}

  // Returns the piece, or nothing if the file ends before.
  std::optional<std::string_view> piece(std::uint64_t at, std::uint64_t bytes) const {
    if (at > bytes_.size() || bytes_.size() - at < bytes) return std::nullopt;
    return bytes_.substr(at, bytes);
  }
  std::uint64_t number(std::string_view piece) const {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < piece.size(); ++i)
      value = value << 8 | static_cast<std::uint8_t>(piece[big_ ? i : piece.size() - 1 - i]);
    return value;
  }
  // Returns the first number of a value, not a number if its type has none.
  double first(std::uint32_t type, std::string_view value) const {
    switch (type) {
      case kShort:
      case kLong:
      case kDirectory:
      case kLong8: return static_cast<double>(number(value.substr(0, kTypeBytes[type])));
      case kSignedByte: return static_cast<std::int8_t>(number(value.substr(0, 1)));
      case kSignedShort: return static_cast<std::int16_t>(number(value.substr(0, 2)));
      case kSignedLong: return static_cast<std::int32_t>(number(value.substr(0, 4)));
      case kRational: return ratio<std::uint32_t>(value);
      case kSignedRational: return ratio<std::int32_t>(value);
      case kFloat: return std::bit_cast<float>(static_cast<std::uint32_t>(number(value.substr(0, 4))));
      case kDouble: return std::bit_cast<double>(number(value.substr(0, 8)));
      default: return std::numeric_limits<double>::quiet_NaN();
    }
  }

 private:
  template <class T>
  double ratio(std::string_view value) const {
    const auto above = static_cast<T>(number(value.substr(0, 4))), below = static_cast<T>(number(value.substr(4, 4)));
    return below == 0 ? std::numeric_limits<double>::quiet_NaN() : double{1} * above / below;
  }

  std::string_view bytes_;
  bool big_;
};

bool is_tiff(std::string_view bytes) {
  using namespace std::string_view_literals;
  for (const std::string_view mark :
       {"II*\0"sv, "MM\0*"sv, "II\0*"sv, "MM*\0"sv})  // the last two are wrong, and there are such files
    if (bytes.starts_with(mark)) return true;
  return false;
}

int valid_orientation(double value) {
  for (int orientation = 2; orientation <= 8; ++orientation)
    if (value == orientation) return orientation;
  return 1;
}

}  // namespace

std::optional<int> exif_orientation(std::string_view exif) {
  constexpr std::string_view kMark{"Exif\0\0", 6};
  constexpr std::uint64_t kOrientation = 0x0112, kEntryBytes = 12;
  while (exif.starts_with(kMark)) exif.remove_prefix(kMark.size());
  if (exif.empty()) return std::nullopt;
  const Tiff tiff(exif);
  const auto directory = tiff.piece(4, 4);
  if (!directory || !is_tiff(exif)) return 1;
  const std::uint64_t begin = tiff.number(*directory);
  const auto entries = tiff.piece(begin, 2);
  std::optional<int> found;
  std::set<std::uint64_t> read;
  std::uint64_t bytes_elsewhere = 0;
  for (std::uint64_t entry = 0; entries && !found && entry < tiff.number(*entries); ++entry) {
    const auto piece = tiff.piece(begin + 2 + entry * kEntryBytes, kEntryBytes);
    if (!piece) break;
    const auto type = static_cast<std::uint32_t>(tiff.number(piece->substr(2, 2)));
    const std::uint64_t bytes = type < kTypeBytes.size() ? tiff.number(piece->substr(4, 4)) * kTypeBytes[type] : 0;
    const std::uint64_t tag = tiff.number(piece->substr(0, 2));
    if (bytes == 0 || read.contains(tag)) continue;
    // A value of more than four bytes lies elsewhere. Values of more bytes in all than the file has are skipped.
    if (bytes > 4 && (bytes_elsewhere += bytes) > exif.size()) continue;
    const auto value = bytes > 4 ? tiff.piece(tiff.number(piece->substr(8, 4)), bytes) : piece->substr(8, bytes);
    if (!value) break;
    read.insert(tag);
    if (tag == kOrientation) found = valid_orientation(tiff.first(type, *value));
  }
  return found;
}

}  // namespace hies::image
