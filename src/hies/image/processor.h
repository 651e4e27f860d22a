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

// A size in pixels.
struct Size {
  int height = 0, width = 0;
  bool operator==(const Size&) const = default;
};

// How an image becomes the input of a network, as preprocessor_config.json of Hugging Face's image processors describes it.
struct Processor {
  bool do_resize = true;
  Size size{224, 224};    // the exact size, if shortest_edge is 0
  int shortest_edge = 0;  // > 0: the shorter side becomes this, and the longer one keeps the proportion
  Filter resample = Filter::bilinear;
  bool do_center_crop = false;
  Size crop{224, 224};
  bool do_rescale = true;
  double rescale_factor = 1.0 / 255;
  bool do_normalize = true;
  std::vector<double> mean = {0.5}, deviation = {0.5};  // one number for all channels, or one for each
  bool assumed = false;                                 // there is no file; these are the defaults of the family

  // Returns the size of the output; nothing if it depends on the image.
  std::optional<Size> output_size() const;
  // Returns the processor for outputs of side × side pixels. Sizes before a crop change in proportion to it.
  Processor with_output(int side) const;
  // Returns the image resized and cropped like by Pillow, still 0 … 255. Throws bad_input for more pixels than kMostPixels.
  Image fitted(const Image& image) const;
  // Returns one table for each channel from 0 … 255 to the input of the network, with the steps and roundings of transformers.
  // Throws bad_input if mean and deviation have another number of channels.
  std::vector<std::array<float, 256>> tables(int channels) const;
  // Returns XXH3-128, 32 hexadecimal digits, of all that decides the numbers.
  std::string hash() const;
};

// Returns the defaults of transformers for a family ("vit", "deit", "dinov2") and a model that reads images of this size.
Processor usual_processor(std::string_view model_type, Size of_model);

// Reads preprocessor_config.json; `defaults` has the values of absent keys. Throws bad_input for invalid values and unsupported
// for others that are not implemented; the message has key and value.
Processor parse_processor(const Json& config, Processor defaults, std::string_view where);

}  // namespace hies::image
