#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "hies/image/image.h"

namespace hies::image {

// Pixels of the largest image that is decoded unless the user says otherwise: Pillow's limit. A small file can claim any size.
inline constexpr std::int64_t kMostPixels = 178956970;

// Decodes a JPEG or PNG file as Pillow does with `exif_transpose` and `convert`: turned as its Exif data says, alpha dropped, palettes
// looked up, CMYK taken as Adobe's. `channels`: 1 or 3. `where` names the image in errors.
// Throws bad_input for another format (which is told), a corrupt or truncated file, no pixels, and more than `most_pixels`.
Image decode(std::span<const std::byte> file, int channels, std::int64_t most_pixels, std::string_view where);

// The same with grey or RGB pixels that are decoded already.
Image with_channels(Image image, int channels);

}  // namespace hies::image
