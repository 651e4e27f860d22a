#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "hies/data/images/source.h"
#include "hies/image/processor.h"
#include "hies/model/images.h"

namespace hies::data {

// How images of a source become what a network reads.
struct ImageForm {
  image::Processor processor;
  image::Size size;  // of what comes out
  int channels = 3;
  std::int64_t most_pixels = 0;  // of an image before it is resized
};

// The chosen images of a source, decoded and preprocessed by `threads` threads of its own (0: one per core) in the order in which
// they are asked for, ahead of whoever asks: they begin at once. Those that fit into a gigabyte are kept, as bytes; others are
// made again when they are asked for again.
std::shared_ptr<const model::ImageLoader> make_image_set(ImageSourcePtr source, std::vector<std::int64_t> chosen, ImageForm form,
                                                         int threads);

// The chosen ones that can be read; decodes every one, on `threads` threads (0: one per core). `bad` gets what is wrong with each of
// the others.
std::vector<std::int64_t> readable(const ImageSource& source, const std::vector<std::int64_t>& chosen, const ImageForm& form,
                                   int threads, std::vector<std::string>& bad);

}  // namespace hies::data
