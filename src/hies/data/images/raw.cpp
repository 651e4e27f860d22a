#include "hies/data/images/raw.h"

#include "hies/base/error.h"
#include "hies/image/decode.h"

namespace hies::data {

RawImages::RawImages(const std::filesystem::path& file, RawLayout layout, std::string content, std::size_t count)
    : layout_(layout), content_(std::move(content)) {
  if (count > 0 && (layout.height < 1 || layout.width < 1)) bad_input("{}: its images have no pixels", file.string());
  for (std::size_t i = 0; i < count; ++i) names.push_back(fmt::format("{}, image {}", file.string(), i + 1));
}

std::string RawImages::bytes(std::int64_t index) const {
  return content_.substr(layout_.begin + static_cast<std::size_t>(index) * layout_.stride,
                         std::size_t(layout_.planes) * std::size_t(layout_.height) * std::size_t(layout_.width));
}

image::Image RawImages::decode(std::int64_t index, int channels, std::int64_t /*most_pixels*/) const {
  const std::string planes = bytes(index);
  image::Image image(layout_.width, layout_.height, layout_.planes);
  const std::size_t pixels = planes.size() / static_cast<std::size_t>(layout_.planes);
  for (std::size_t i = 0; i < planes.size(); ++i)
    image.pixels[i % pixels * static_cast<std::size_t>(layout_.planes) + i / pixels] = static_cast<std::uint8_t>(planes[i]);
  return image::with_channels(std::move(image), channels);
}

}  // namespace hies::data
