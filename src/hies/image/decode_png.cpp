#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <spng.h>

#include "hies/base/error.h"
#include "hies/image/decoders.h"
#include "hies/image/png_chunks.h"

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

// Returns the file without what its pixels do not depend on: spng refuses a whole image for a text that it takes for damaged, and a few
// bytes of a compressed text or profile can stand for gigabytes. What lies behind the last whole chunk stays, for spng to report.
std::string pixels_of(std::string_view file, std::span<const PngChunk> chunks) {
  if (chunks.empty()) return std::string(file);
  std::string kept(file.substr(0, static_cast<std::size_t>(chunks.front().whole.data() - file.data())));
  for (const PngChunk& chunk : chunks)
    if (chunk.kind[0] >= 'A' && chunk.kind[0] <= 'Z') kept += chunk.whole;  // a critical chunk
  const std::string_view last = chunks.back().whole;
  return kept.append(file.substr(static_cast<std::size_t>(last.data() + last.size() - file.data())));
}

}  // namespace

Decoded decode_png(std::span<const std::byte> bytes, std::int64_t most_pixels, std::string_view where) {
  const std::string_view all(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const std::vector<PngChunk> chunks = png_chunks(all);
  const std::string file = pixels_of(all, chunks);
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
  decoded.orientation = orientation_of(png_metadata(chunks));
  return decoded;
}

}  // namespace hies::image
