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
  int orientation = 1;  // that of Exif, 1 … 8
};

// Decode a file of one format. Throw bad_input as decode().
Decoded decode_jpeg(std::span<const std::byte> file, std::int64_t most_pixels, std::string_view where);
Decoded decode_png(std::span<const std::byte> file, std::int64_t most_pixels, std::string_view where);

// Throws bad_input for an image without pixels, or with more than `most_pixels`.
void check_size(std::int64_t width, std::int64_t height, std::int64_t most_pixels, std::string_view where);

// Returns the orientation in a block of Exif data (a TIFF header and its first directory); 1 if it has none or is damaged.
int exif_orientation(std::span<const std::byte> exif);

}  // namespace hies::image
