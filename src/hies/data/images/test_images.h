#pragma once

#include <cstring>
#include <string>
#include <vector>

#include "hies/base/test_files.h"
#include "hies/data/images/load.h"
#include "hies/data/images/source.h"
#include "hies/data/images/test_sets.h"

namespace hies::data {

// An image file of tests/golden/images.
inline std::string image_file(const std::string& name) {
  return read_file(std::string(HIES_SOURCE_DIR "/tests/golden/images/files/") + name);
}

inline LoadOptions in_order() {
  LoadOptions options;
  options.order = "file";
  return options;
}

// What was warned of.
class Warnings : public Progress {
 public:
  void warn(std::string_view message) override { lines.emplace_back(message); }
  std::vector<std::string> lines;
};

inline Dataset load(const std::filesystem::path& path, const LoadOptions& options = in_order(),
                    const model::ModelSpec& spec = image_spec(), Progress& progress = silent_progress(), int threads = 2) {
  return load_images(path, task("image-classification"), options, spec, image::usual_processor("vit", {12, 12}), threads,
                     progress);
}

// All pixels of all images, in order.
inline std::vector<float> pixels_of(const Dataset& dataset) {
  std::vector<std::int64_t> indices;
  for (const Example& example : dataset.examples) indices.push_back(example.image.index);
  const model::ImageLoader& images = *dataset.examples.front().image.from;
  std::vector<float> pixels(indices.size() * static_cast<std::size_t>(images.shape().numbers()));
  images.write(indices, pixels);
  return pixels;
}

inline std::vector<double> labels_of(const Dataset& dataset) {
  std::vector<double> labels;
  for (const Example& example : dataset.examples) labels.push_back(example.label);
  return labels;
}

}  // namespace hies::data
