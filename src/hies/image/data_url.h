#pragma once

#include <span>
#include <string>

#include "hies/image/image.h"
#include "hies/image/processor.h"

namespace hies::image {

// What a network reads, [C, height, width], turned back into an image: the inverse of Processor::tables.
Image image_of(std::span<const float> pixels, int channels, Size size, const Processor& processor);

// "data:image/png;base64,…" (RFC 2397), which holds the image itself.
std::string data_url(const Image& image);

}  // namespace hies::image
