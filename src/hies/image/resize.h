#pragma once

#include "hies/image/image.h"

namespace hies::image {

// Pillow's filters, by its numbers.
enum class Filter { nearest = 0, lanczos = 1, bilinear = 2, bicubic = 3, box = 4, hamming = 5 };

// The image in another size. Every filter but `nearest` is stretched where the image shrinks, so that every pixel counts. Equals
// Image.resize of Pillow 13 bit for bit (src/libImaging/Resample.c): horizontally, then vertically, but the other way round where the
// image becomes wider and lower; in integers of 22 bits after the point, rounded to 8 bits between. Older Pillows, which go
// horizontally first everywhere, differ by 1 there.
Image resize(const Image& image, int width, int height, Filter filter);

}  // namespace hies::image
