#include "hies/image/orientation.h"

namespace hies::image {
namespace {

// Returns the bytes that a raw profile spells in hexadecimal digits after three lines; nothing if it is damaged.
std::optional<std::string> bytes_of_profile(std::string_view text) {
  for (int line = 0; line < 3; ++line) {
    const std::size_t end = text.find('\n');
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  std::string bytes;
  int high = -1;  // the first digit of a byte
  for (const char c : text) {
    if (c == '\n' || (high < 0 && std::string_view(" \t\r\v\f").find(c) != std::string_view::npos)) continue;
    const std::size_t digit =
        std::string_view("0123456789abcdef").find(c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c);
    if (digit == std::string_view::npos) return std::nullopt;
    if (high >= 0) bytes += static_cast<char>(high << 4 | static_cast<int>(digit));
    high = high >= 0 ? -1 : static_cast<int>(digit);
  }
  return high < 0 ? std::optional(bytes) : std::nullopt;
}

// Returns the first digit after the name, as Pillow's pattern tiff:Orientation(="|>)([0-9]) finds it in an attribute or an element.
int xmp_orientation(std::string_view xmp) {
  constexpr std::string_view kName = "tiff:Orientation";
  for (std::size_t at = xmp.find(kName); at != std::string_view::npos; at = xmp.find(kName, at + 1)) {
    std::string_view rest = xmp.substr(at + kName.size());
    if (!rest.starts_with("=\"") && !rest.starts_with('>')) continue;
    rest.remove_prefix(rest.starts_with('>') ? 1 : 2);
    if (!rest.empty() && rest[0] >= '0' && rest[0] <= '9') return rest[0] >= '1' && rest[0] <= '8' ? rest[0] - '0' : 1;
  }
  return 1;
}

}  // namespace

int orientation_of(const Metadata& metadata) {
  const std::optional<std::string> exif = metadata.exif ? metadata.exif : bytes_of_profile(metadata.raw_profile);
  const std::optional<int> orientation = exif ? exif_orientation(*exif) : std::nullopt;
  if (orientation) return *orientation;
  return xmp_orientation(metadata.xmp_text.empty() ? metadata.xmp : metadata.xmp_text);
}

}  // namespace hies::image
