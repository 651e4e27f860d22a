#pragma once

#include "hies/image/image.h"

namespace hies::image {

// The filters of Pillow, with its numbers.
enum class Filter { nearest = 0, lanczos = 1, bilinear = 2, bicubic = 3, box = 4, hamming = 5 };

// Returns the image resized. When an image shrinks, every filter but `nearest` is widened, so that every pixel counts. The result
// equals Image.resize of Pillow 13 bit for bit (src/libImaging/Resample.c): it resizes horizontally, then vertically, but in the
// opposite order if the image becomes wider and lower; it computes with integers of 22 fractional bits and rounds to 8 bits
// between the two. Older versions of Pillow always resize horizontally first, and differ by 1 there.
Image resize(const Image& image, int width, int height, Filter filter);

}  // namespace hies::image
