#include <algorithm>
#include <memory>

#include <spng.h>

#include "hies/base/error.h"
#include "hies/image/decoders.h"

namespace hies::image {
namespace {

using Context = std::unique_ptr<spng_ctx, decltype(&spng_ctx_free)>;

// Converts 16-bit images like Pillow, which clamps grey to 255 and takes the high byte of colours.
Image decode_grey16(spng_ctx& context, const spng_ihdr& header, int& failure) {
  Image image(static_cast<int>(header.width), static_cast<int>(header.height), 1);
  std::vector<std::uint16_t> values(image.pixels.size());
  failure = spng_decode_image(&context, values.data(), values.size() * 2, SPNG_FMT_PNG, 0);
  std::transform(values.begin(), values.end(), image.pixels.begin(),
                 [](std::uint16_t value) { return static_cast<std::uint8_t>(std::min<int>(value, 255)); });
  return image;
}

Image decode_rgb8(spng_ctx& context, const spng_ihdr& header, int& failure) {
  Image image(static_cast<int>(header.width), static_cast<int>(header.height), 3);
  failure = spng_decode_image(&context, image.pixels.data(), image.pixels.size(), SPNG_FMT_RGB8, 0);
  return image;
}

}  // namespace

Decoded decode_png(std::span<const std::byte> file, std::int64_t most_pixels, std::string_view where) {
  const Context context(spng_ctx_new(0), spng_ctx_free);
  check(context != nullptr, "no memory for a PNG decoder");
  spng_set_png_buffer(context.get(), file.data(), file.size());
  spng_ihdr header = {};
  if (const int failure = spng_get_ihdr(context.get(), &header); failure != 0)
    bad_input("{}: not a readable PNG file: {}", where, spng_strerror(failure));
  check_size(header.width, header.height, most_pixels, where);
  const bool grey16 = header.color_type == SPNG_COLOR_TYPE_GRAYSCALE && header.bit_depth == 16;
  int failure = 0;
  Decoded decoded;
  decoded.image = grey16 ? decode_grey16(*context, header, failure) : decode_rgb8(*context, header, failure);
  if (failure != 0) bad_input("{}: the PNG file is corrupt or cut off: {}", where, spng_strerror(failure));
  spng_exif exif = {};
  if (spng_get_exif(context.get(), &exif) == 0)
    decoded.orientation = exif_orientation(std::as_bytes(std::span(exif.data, exif.length)));
  return decoded;
}

}  // namespace hies::image
