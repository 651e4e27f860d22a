#include "hies/image/decode.h"

#include <array>
#include <string>

#include "hies/base/error.h"
#include "hies/image/decoders.h"

namespace hies::image {
namespace {

struct Format {
  std::string_view name;
  std::string_view mark;  // the first bytes of a file
};
constexpr std::string_view kJpeg = "\xFF\xD8\xFF", kPng = "\x89PNG\r\n\x1A\n";
constexpr std::array kOthers = {Format{"GIF", "GIF8"}, Format{"BMP", "BM"},    Format{"TIFF", "II*"},
                                Format{"TIFF", "MM"},  Format{"WebP", "RIFF"}, Format{"a gzip archive", "\x1F\x8B"}};

std::string format_found(std::string_view start) {
  for (const Format& format : kOthers)
    if (start.starts_with(format.mark)) return fmt::format("it is {}", format.name);
  if (start.empty()) return "it is empty";
  return fmt::format("it begins with '{}'", printable(start.substr(0, 12)));
}

// Returns the image in its display orientation. Exif 2.32, tag Orientation: the side of the first row and of the first column.
Image oriented(Image image, int orientation) {
  if (orientation == 1) return image;
  const bool swapped = orientation >= 5;
  const bool from_right = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool from_bottom = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  Image result(swapped ? image.height : image.width, swapped ? image.width : image.height, image.channels);
  const auto C = static_cast<std::size_t>(image.channels);
  for (int y = 0; y < result.height; ++y) {
    for (int x = 0; x < result.width; ++x) {
      int from_x = swapped ? y : x, from_y = swapped ? x : y;
      if (from_right) from_x = image.width - 1 - from_x;
      if (from_bottom) from_y = image.height - 1 - from_y;
      const std::uint8_t* from = image.row(from_y) + static_cast<std::size_t>(from_x) * C;
      std::uint8_t* to = result.row(y) + static_cast<std::size_t>(x) * C;
      for (std::size_t c = 0; c < C; ++c) to[c] = from[c];
    }
  }
  return result;
}

}  // namespace

void check_size(std::int64_t width, std::int64_t height, std::int64_t most_pixels, std::string_view where) {
  if (width < 1 || height < 1) bad_input("{}: the image has no pixels ({}×{})", where, width, height);
  if (width > most_pixels / height)
    throw Error(ErrorKind::bad_input,
                fmt::format("{}: the image has {}×{} pixels, but at most {} are decoded", where, width, height, most_pixels),
                "a small file can claim any size; if it is right, raise `most_pixels`");
}

Image with_channels(Image image, int channels) {
  if (image.channels == channels) return image;
  Image result(image.width, image.height, channels);
  const std::size_t count = std::size_t(image.width) * std::size_t(image.height);
  for (std::size_t i = 0; i < count; ++i) {
    if (channels == 3) {
      for (std::size_t c = 0; c < 3; ++c) result.pixels[3 * i + c] = image.pixels[i];
    } else {
      // ITU-R BT.601 luma with the integer weights of Pillow.
      const std::uint8_t* rgb = image.pixels.data() + 3 * i;
      result.pixels[i] = static_cast<std::uint8_t>((rgb[0] * 19595 + rgb[1] * 38470 + rgb[2] * 7471 + 0x8000) >> 16);
    }
  }
  return result;
}

Image decode(std::span<const std::byte> file, int channels, std::int64_t most_pixels, std::string_view where) {
  const std::string_view start(reinterpret_cast<const char*>(file.data()), std::min<std::size_t>(file.size(), 16));
  Decoded decoded;
  if (start.starts_with(kJpeg)) decoded = decode_jpeg(file, most_pixels, where);
  else if (start.starts_with(kPng)) decoded = decode_png(file, most_pixels, where);
  else
    throw Error(ErrorKind::bad_input, fmt::format("{}: not a JPEG or PNG file: {}", where, format_found(start)),
                "convert it to PNG");
  return with_channels(oriented(std::move(decoded.image), decoded.orientation), channels);
}

}  // namespace hies::image
