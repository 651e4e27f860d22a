#pragma once

#include <cstdint>
#include <vector>

namespace hies::image {

// A decoded image [height, width, channels] with values 0 … 255; the first pixel is at the top left.
struct Image {
  int width = 0, height = 0;  // pixels
  int channels = 3;           // 1: grey; 3: red, green, blue
  std::vector<std::uint8_t> pixels;

  Image() = default;
  Image(int width, int height, int channels)
      : width(width),
        height(height),
        channels(channels),
        pixels(std::size_t(width) * std::size_t(height) * std::size_t(channels)) {}
  const std::uint8_t* row(int y) const { return pixels.data() + std::size_t(y) * std::size_t(width) * std::size_t(channels); }
  std::uint8_t* row(int y) { return pixels.data() + std::size_t(y) * std::size_t(width) * std::size_t(channels); }
};

}  // namespace hies::image
