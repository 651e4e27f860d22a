// JPEG and PNG files with what they say of themselves.
#include "../target.h"
#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/image/decode.h"

namespace hies::fuzz {
namespace {

std::vector<Bundle> image_seeds() {
  std::vector<Bundle> seeds;
  for (const auto& [name, content] : read_bundle(goldens() / "images/files"))
    seeds.push_back({{name.ends_with(".png") ? "a.png" : "a.jpg", content}});
  return seeds;
}

void read_image(const std::filesystem::path& input, const std::filesystem::path& /*output*/) {
  constexpr std::int64_t kPixels = 1 << 20;
  for (const auto& entry : std::filesystem::directory_iterator(input)) {
    const std::string file = read_file(entry.path());
    for (const int channels : {1, 3}) {
      const image::Image image = image::decode(std::as_bytes(std::span(file)), channels, kPixels, "an image");
      check(image.width > 0 && image.height > 0 && std::int64_t{image.width} * image.height <= kPixels &&
                image.channels == channels &&
                image.pixels.size() == std::size_t(image.width) * std::size_t(image.height) * std::size_t(channels),
            "no image");
    }
  }
}

}  // namespace

Target image_target() { return {"image", image_seeds, read_image}; }

}  // namespace hies::fuzz
