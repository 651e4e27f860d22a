#include "hies/image/processor.h"

#include <algorithm>
#include <cmath>

#include <fmt/ranges.h>

#include "hies/base/error.h"
#include "hies/base/hash.h"
#include "hies/image/decode.h"

namespace hies::image {
namespace {

constexpr int kMaxSide = 1 << 15;

const std::vector<double> kImageNetMean = {0.485, 0.456, 0.406}, kImageNetDeviation = {0.229, 0.224, 0.225};

int floor_half(int number) { return (number - (number < 0 ? 1 : 0)) / 2; }

// Returns the central part of that size; pixels outside the image are black.
Image centre_crop(const Image& image, Size size) {
  if (image.height == size.height && image.width == size.width) return image;
  Image result(size.width, size.height, image.channels);
  const int top = floor_half(image.height - size.height), left = floor_half(image.width - size.width);
  const auto C = static_cast<std::size_t>(image.channels);
  const int first = std::max(0, -left), last = std::min(size.width, image.width - left);
  for (int y = std::max(0, -top); y < std::min(size.height, image.height - top); ++y)
    std::copy_n(image.row(y + top) + static_cast<std::size_t>(first + left) * C, static_cast<std::size_t>(last - first) * C,
                result.row(y) + static_cast<std::size_t>(first) * C);
  return result;
}

// An image has many pixels when it is resized if its own are few, but long and narrow.
void check_resized(const Image& image, double height, double width) {
  if (height * width > static_cast<double>(kMostPixels))
    bad_input(
        "an image of {}×{} pixels would be resized to {:.0f}×{:.0f} by preprocessor_config.json, but at most {} pixels are "
        "computed",
        image.height, image.width, height, width, kMostPixels);
}

Size of_shortest_edge(const Image& image, int edge) {
  const int shorter = std::min(image.height, image.width), longer = std::max(image.height, image.width);
  const double exact = static_cast<double>(std::int64_t{edge} * longer) / shorter;
  check_resized(image, edge, exact);
  const auto other = static_cast<int>(exact);
  return image.width <= image.height ? Size{other, edge} : Size{edge, other};
}

int side(const Json& json, std::string_view key, std::string_view where) {
  const auto value = require<std::int64_t>(json, key, where);
  if (value < 1 || value > kMaxSide) bad_input("{}: {} is {}, but it must be 1 … {}", where, key, value, kMaxSide);
  return static_cast<int>(value);
}

Size exact_size(const Json& config, std::string_view key, const Json& value, std::string_view where) {
  if (value.is_number()) return {side(config, key, where), side(config, key, where)};
  const std::string inside = fmt::format("{}: {}", where, key);
  return {side(value, "height", inside), side(value, "width", inside)};
}

// Reads "size". A single number is a square for the processors of ViT and DeiT, and the shortest edge for others.
void parse_size(const Json& config, bool number_is_square, std::string_view where, Processor& processor) {
  const Json* value = find_member(config, "size", where);
  if (value == nullptr || value->is_null()) return;
  if (!value->is_object() && !value->is_number()) json_type_error(*value, "size", "a number or an object", where);
  processor.shortest_edge = 0;
  if (value->is_number() && !number_is_square) {
    processor.shortest_edge = side(config, "size", where);
  } else if (value->is_object() && value->contains("shortest_edge")) {
    if (value->contains("longest_edge")) unsupported("{}: size with a longest_edge is not supported", where);
    processor.shortest_edge = side(*value, "shortest_edge", fmt::format("{}: size", where));
  } else {
    processor.size = exact_size(config, "size", *value, where);
  }
}

Filter parse_filter(const Json& config, Filter fallback, std::string_view where) {
  const auto number = value_or<std::int64_t>(config, "resample", static_cast<std::int64_t>(fallback), where);
  if (number < 0 || number > 5)
    throw Error(ErrorKind::bad_input, fmt::format("{}: resample {} is not known", where, number),
                "known: 0 nearest, 1 lanczos, 2 bilinear, 3 bicubic, 4 box, 5 hamming");
  return static_cast<Filter>(number);
}

std::vector<double> parse_channels(const Json& config, std::string_view key, std::vector<double> fallback,
                                   std::string_view where) {
  const Json* value = find_member(config, key, where);
  if (value == nullptr || value->is_null()) return fallback;
  if (value->is_number()) return {value->get<double>()};
  if (!value->is_array() || value->empty()) json_type_error(*value, key, "a number for each channel", where);
  std::vector<double> numbers;
  for (const Json& number : *value) numbers.push_back(detail::json_as<double>(number, key, where));
  return numbers;
}

bool is_of(std::string_view type, std::string_view family) {
  return type == family || (type.starts_with(family) && (type.substr(family.size()).starts_with("ImageProcessor") ||
                                                         type.substr(family.size()).starts_with("FeatureExtractor")));
}

// Returns the family whose processor it is, "vit", "deit" or "dinov2"; empty if the file names none.
std::string processor_family(const Json& config, std::string_view where) {
  const auto old = value_or<std::string>(config, "feature_extractor_type", "", where);
  const auto type = value_or<std::string>(config, "image_processor_type", old, where);
  if (type.empty()) return {};
  if (is_of(type, "ViT")) return "vit";
  if (is_of(type, "DeiT")) return "deit";
  if (is_of(type, "Bit") || is_of(type, "CLIP")) return "dinov2";
  throw Error(ErrorKind::unsupported, fmt::format("{}: image processor '{}' is not supported", where, printable(type)),
              "supported: those of ViT, DeiT, BiT and CLIP");
}

}  // namespace

Processor usual_processor(std::string_view model_type, Size of_model) {
  Processor processor;
  processor.assumed = true;
  processor.size = of_model;
  if (model_type == "vit") return processor;
  processor.resample = Filter::bicubic;
  processor.do_center_crop = true;
  processor.crop = of_model;
  if (model_type == "deit") {
    processor.size = {of_model.height * 256 / 224, of_model.width * 256 / 224};
    return processor;
  }
  // DINOv2 is trained on larger images than it is used on.
  processor.crop = {224, 224};
  processor.shortest_edge = 256;
  processor.mean = kImageNetMean;
  processor.deviation = kImageNetDeviation;
  return processor;
}

Processor parse_processor(const Json& config, Processor defaults, std::string_view where) {
  if (!config.is_object()) bad_input("{}: expected a JSON object, found {}", where, config.type_name());
  const std::string family = processor_family(config, where);
  Processor processor = std::move(defaults);
  processor.assumed = false;
  processor.do_resize = value_or<bool>(config, "do_resize", processor.do_resize, where);
  parse_size(config, family != "dinov2", where, processor);
  processor.resample = parse_filter(config, processor.resample, where);
  processor.do_center_crop = value_or<bool>(config, "do_center_crop", processor.do_center_crop && family != "vit", where);
  if (const Json* value = find_member(config, "crop_size", where); value != nullptr && !value->is_null())
    processor.crop = exact_size(config, "crop_size", *value, where);
  processor.do_rescale = value_or<bool>(config, "do_rescale", processor.do_rescale, where);
  processor.rescale_factor = value_or<double>(config, "rescale_factor", processor.rescale_factor, where);
  processor.do_normalize = value_or<bool>(config, "do_normalize", processor.do_normalize, where);
  processor.mean = parse_channels(config, "image_mean", processor.mean, where);
  processor.deviation = parse_channels(config, "image_std", processor.deviation, where);
  for (const double deviation : processor.deviation)
    if (!(deviation > 0)) bad_input("{}: image_std holds {}, but it must be above 0", where, deviation);
  return processor;
}

std::optional<Size> Processor::output_size() const {
  if (do_center_crop) return crop;
  if (do_resize && shortest_edge == 0) return size;
  return std::nullopt;
}

Processor Processor::with_output(int side) const {
  Processor other = *this;
  const auto scaled = [&](int length, int from) {
    return static_cast<int>(std::lround(static_cast<double>(length) * side / from));
  };
  if (do_center_crop) {
    other.shortest_edge = scaled(shortest_edge, std::min(crop.height, crop.width));
    other.size = {scaled(size.height, crop.height), scaled(size.width, crop.width)};
    other.crop = {side, side};
  } else {
    other.do_resize = true;
    other.shortest_edge = 0;
    other.size = {side, side};
  }
  return other;
}

Image Processor::fitted(const Image& image) const {
  if (!do_resize) return do_center_crop ? centre_crop(image, crop) : image;
  const Size wanted = shortest_edge > 0 ? of_shortest_edge(image, shortest_edge) : size;
  check_resized(image, wanted.height, wanted.width);
  Image resized = resize(image, wanted.width, wanted.height, resample);
  return do_center_crop ? centre_crop(resized, crop) : resized;
}

std::vector<std::array<float, 256>> Processor::tables(int channels) const {
  for (const auto& [name, numbers] : {std::pair("image_mean", &mean), {"image_std", &deviation}})
    if (numbers->size() != 1 && numbers->size() != static_cast<std::size_t>(channels))
      bad_input("preprocessor_config.json: {} has {} numbers, but the model reads images of {} channels", name, numbers->size(),
                channels);
  std::vector<std::array<float, 256>> all(static_cast<std::size_t>(channels));
  for (std::size_t c = 0; c < all.size(); ++c) {
    const auto centre = static_cast<float>(mean[mean.size() == 1 ? 0 : c]);
    const auto spread = static_cast<float>(deviation[deviation.size() == 1 ? 0 : c]);
    for (std::size_t value = 0; value < 256; ++value) {
      auto number = static_cast<float>(value);
      if (do_rescale) number = static_cast<float>(static_cast<double>(value) * rescale_factor);
      all[c][value] = do_normalize ? (number - centre) / spread : number;
    }
  }
  return all;
}

std::string Processor::hash() const {
  const auto size_text = [](const Size& size) { return fmt::format("{}x{}", size.height, size.width); };
  std::string text;
  if (do_resize) text += fmt::format("resize {} {} {}\n", size_text(size), shortest_edge, static_cast<int>(resample));
  if (do_center_crop) text += fmt::format("crop {}\n", size_text(crop));
  if (do_rescale) text += fmt::format("rescale {}\n", rescale_factor);
  if (do_normalize) text += fmt::format("normalize {} {}\n", fmt::join(mean, " "), fmt::join(deviation, " "));
  return Hasher().update(text).hex();
}

}  // namespace hies::image
