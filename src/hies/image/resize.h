#pragma once

#include "hies/image/image.h"

namespace hies::image {

// Pillow's filters, by its numbers.
enum class Filter { nearest = 0, lanczos = 1, bilinear = 2, bicubic = 3, box = 4, hamming = 5 };

// The picture in another size. Every filter but `nearest` is stretched where the picture shrinks, so that every pixel counts. Equals
// Pillow's Image.resize bit for bit: horizontally, then vertically, in integers of 22 bits after the point, rounded to 8 bits between
// (Pillow, src/libImaging/Resample.c).
Image resize(const Image& image, int width, int height, Filter filter);

}  // namespace hies::image
