#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "hies/image/image.h"

namespace hies::image {

// The result of a decoder: grey or RGB, in the orientation of the file.
struct Decoded {
  Image image;
  int orientation = 1;  // that the file names, 1 … 8 (orientation.h)
};

// Decode a file of one format. Throw bad_input as decode().
Decoded decode_jpeg(std::span<const std::byte> file, std::int64_t most_pixels, std::string_view where);
Decoded decode_png(std::span<const std::byte> file, std::int64_t most_pixels, std::string_view where);

// Throws bad_input for an image without pixels, or with more than `most_pixels`.
void check_size(std::int64_t width, std::int64_t height, std::int64_t most_pixels, std::string_view where);

}  // namespace hies::image
