#pragma once

#include "hies/data/images/source.h"

namespace hies::data {

// Where the numbers of images stand in a file that holds nothing but them.
struct RawLayout {
  std::size_t begin = 0;   // of the first image's numbers
  std::size_t stride = 0;  // bytes from one image to the next
  int height = 0, width = 0;
  int planes = 1;  // whole channels, one after the other
};

// Images that are stored as they are.
class RawImages : public ImageSource {
 public:
  RawImages(const std::filesystem::path& file, RawLayout layout, std::string content, std::size_t count);
  std::string bytes(std::int64_t index) const override;
  image::Image decode(std::int64_t index, int channels, std::int64_t most_pixels) const override;

 private:
  RawLayout layout_;
  std::string content_;
};

}  // namespace hies::data
