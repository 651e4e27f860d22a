#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hies/base/json.h"
#include "hies/image/image.h"
#include "hies/image/resize.h"

namespace hies::image {

// Height and width in pixels.
struct Size {
  int height = 0, width = 0;
  bool operator==(const Size&) const = default;
};

// How an image becomes what a network reads: what preprocessor_config.json of Hugging Face's image processors says.
struct Processor {
  bool do_resize = true;
  Size size{224, 224};    // exact; unless shortest_edge is set
  int shortest_edge = 0;  // > 0: the shorter side becomes this, the other one follows
  Filter resample = Filter::bilinear;
  bool do_center_crop = false;
  Size crop{224, 224};
  bool do_rescale = true;
  double rescale_factor = 1.0 / 255;
  bool do_normalize = true;
  std::vector<double> mean = {0.5}, deviation = {0.5};  // one for all channels, or one for each
  bool assumed = false;                                 // no file says this: it is what is usual for the family

  // The size of what comes out; none where it depends on the image.
  std::optional<Size> output_size() const;
  // The same for images of `side` pixels each way: what is resized before a crop keeps its proportion to it.
  Processor with_output(int side) const;
  // Resized and cropped, still 0 … 255, as Pillow does it.
  Image fitted(const Image& image) const;
  // From 0 … 255 to what the network reads, one table for each channel, in transformers' steps and roundings.
  std::vector<std::array<float, 256>> tables(int channels) const;
  // Returns XXH3-128, 32 hexadecimal digits, of all that decides the numbers.
  std::string hash() const;
};

// What transformers takes for a family where nothing else is said, for a model of this size of images.
Processor usual_processor(std::string_view model_type, Size of_model);

// preprocessor_config.json. `usual`: for what it leaves out. Throws bad_input or unsupported, with the key and the value, for what
// cannot be.
Processor parse_processor(const Json& config, Processor usual, std::string_view where);

}  // namespace hies::image
