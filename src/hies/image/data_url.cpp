#include "hies/image/data_url.h"

#include <algorithm>
#include <cstdlib>
#include <memory>

#include <spng.h>

#include "hies/base/error.h"

namespace hies::image {
namespace {

struct Encoded {
  std::unique_ptr<void, decltype(&std::free)> bytes{nullptr, &std::free};
  std::size_t size = 0;
};

Encoded encode_png(const Image& image) {
  const std::unique_ptr<spng_ctx, decltype(&spng_ctx_free)> context(spng_ctx_new(SPNG_CTX_ENCODER), spng_ctx_free);
  check(context != nullptr, "no memory for a PNG encoder");
  spng_set_option(context.get(), SPNG_ENCODE_TO_BUFFER, 1);
  spng_ihdr header = {};
  header.width = static_cast<std::uint32_t>(image.width);
  header.height = static_cast<std::uint32_t>(image.height);
  header.bit_depth = 8;
  header.color_type = image.channels == 1 ? SPNG_COLOR_TYPE_GRAYSCALE : SPNG_COLOR_TYPE_TRUECOLOR;
  int failure = spng_set_ihdr(context.get(), &header);
  if (failure == 0)
    failure = spng_encode_image(context.get(), image.pixels.data(), image.pixels.size(), SPNG_FMT_PNG, SPNG_ENCODE_FINALIZE);
  Encoded encoded;
  if (failure == 0) encoded.bytes.reset(spng_get_png_buffer(context.get(), &encoded.size, &failure));
  check(failure == 0, spng_strerror(failure));
  return encoded;
}

std::string base64(std::span<const std::uint8_t> bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t begin = 0; begin < bytes.size(); begin += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - begin);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i) group = group << 8 | (i < count ? bytes[begin + i] : 0u);
    for (std::size_t i = 0; i < 4; ++i) text += i <= count ? kDigits[group >> (18 - 6 * i) & 63] : '=';
  }
  return text;
}

}  // namespace

Image image_of(std::span<const float> pixels, int channels, Size size, const Processor& processor) {
  const auto tables = processor.tables(channels);
  Image image(size.width, size.height, channels);
  const std::size_t area = static_cast<std::size_t>(size.width) * static_cast<std::size_t>(size.height);
  check(pixels.size() == area * static_cast<std::size_t>(channels), "pixels of another image");
  for (std::size_t channel = 0; channel < static_cast<std::size_t>(channels); ++channel) {
    const auto& table = tables[channel];  // ascending
    for (std::size_t i = 0; i < area; ++i) {
      const float value = pixels[channel * area + i];
      const auto above = std::lower_bound(table.begin() + 1, table.end() - 1, value);
      const auto nearest = value - *(above - 1) < *above - value ? above - 1 : above;
      image.pixels[i * static_cast<std::size_t>(channels) + channel] = static_cast<std::uint8_t>(nearest - table.begin());
    }
  }
  return image;
}

std::string data_url(const Image& image) {
  const Encoded png = encode_png(image);
  return "data:image/png;base64," + base64({static_cast<const std::uint8_t*>(png.bytes.get()), png.size});
}

}  // namespace hies::image
