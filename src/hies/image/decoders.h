#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "hies/image/image.h"

namespace hies::image {

// What a decoder gives: grey or RGB, as it stands in the file.
struct Decoded {
  Image image;
  int orientation = 1;  // Exif's, 1 … 8
};

Decoded decode_jpeg(std::span<const std::byte> file, std::int64_t most_pixels, std::string_view where);
Decoded decode_png(std::span<const std::byte> file, std::int64_t most_pixels, std::string_view where);

// Throws bad_input for an image that is too large.
void check_size(std::int64_t width, std::int64_t height, std::int64_t most_pixels, std::string_view where);

// Orientation from a block of Exif data (a TIFF header and its first directory); 1 where it says nothing or is damaged.
int exif_orientation(std::span<const std::byte> exif);

}  // namespace hies::image
