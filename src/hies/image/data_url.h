#pragma once

#include <span>
#include <string>

#include "hies/image/image.h"
#include "hies/image/processor.h"

namespace hies::image {

// Converts the input of a network, [C, height, width], back to an image: the inverse of Processor::tables.
Image image_of(std::span<const float> pixels, int channels, Size size, const Processor& processor);

// Returns the image as a URL "data:image/png;base64,…" (RFC 2397).
std::string data_url(const Image& image);

}  // namespace hies::image
