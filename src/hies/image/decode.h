#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "hies/image/image.h"

namespace hies::image {

// The default limit on the pixels of an image, that of Pillow: a small file can claim any size.
inline constexpr std::int64_t kMostPixels = 178956970;

// Decodes a JPEG or PNG file like Pillow with `exif_transpose` and `convert`: rotates and flips it by its orientation (Exif, else
// XMP), drops alpha, applies palettes, and reads CMYK as Adobe's. `channels` is 1 or 3. `where` names the image in errors. Throws bad_input
// for another format (which it names), a corrupt or truncated file, no pixels, and more than `most_pixels`.
Image decode(std::span<const std::byte> file, int channels, std::int64_t most_pixels, std::string_view where);

// Converts a decoded grey or RGB image to 1 or 3 channels.
Image with_channels(Image image, int channels);

}  // namespace hies::image
