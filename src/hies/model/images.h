#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace hies::model {

// Images in the form that a network reads them: all of one size, rescaled and normalised. They are made when they are asked for.
class ImageLoader {
 public:
  struct Shape {
    int channels = 0, height = 0, width = 0;  // C, pixels, pixels
    std::int64_t numbers() const noexcept { return std::int64_t{channels} * height * width; }
    bool operator==(const Shape&) const = default;
  };

  virtual ~ImageLoader() = default;
  virtual Shape shape() const noexcept = 0;
  // Writes the images of these indices, [n, C, height, width] f32. Called from one thread at a time. Throws bad_input where one
  // cannot be decoded.
  virtual void write(std::span<const std::int64_t> indices, std::span<float> pixels) const = 0;
  // Names what is in the image; the same for the same file, wherever it lies.
  virtual std::string content_hash(std::int64_t index) const = 0;
};

// One of them.
struct ImageRef {
  std::shared_ptr<const ImageLoader> from;
  std::int64_t index = 0;
};

}  // namespace hies::model
