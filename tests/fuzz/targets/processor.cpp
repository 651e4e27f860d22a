// preprocessor_config.json.
#include "hies/image/processor.h"

#include "../target.h"
#include "hies/base/error.h"

namespace hies::fuzz {
namespace {

std::vector<Bundle> processor_seeds() {
  std::vector<Bundle> seeds;
  for (
      const char* text :
      {R"({"image_processor_type":"ViTImageProcessor","do_resize":true,"size":{"height":24,"width":20},"resample":2,"do_normalize":true,"image_mean":[0.5,0.5,0.5],"image_std":[0.5,0.5,0.5]})",
       R"({"image_processor_type":"BitImageProcessor","size":{"shortest_edge":19},"do_center_crop":true,"crop_size":{"height":16,"width":16},"resample":3,"rescale_factor":0.00392,"image_mean":[0.485,0.456,0.406],"image_std":[0.229,0.224,0.225]})",
       R"({"feature_extractor_type":"DeiTFeatureExtractor","size":27,"crop_size":24,"do_center_crop":true,"resample":1,"do_rescale":false})"})
    seeds.push_back({{"preprocessor_config.json", text}});
  return seeds;
}

void read_processor(const std::filesystem::path& input, const std::filesystem::path& /*output*/) {
  const Json config = read_json(input / "preprocessor_config.json");
  image::Image image(37, 23, 3);
  for (std::size_t i = 0; i < image.pixels.size(); ++i) image.pixels[i] = static_cast<std::uint8_t>(i * 7);
  for (const char* type : {"vit", "deit", "dinov2"}) {
    const image::Processor processor =
        image::parse_processor(config, image::usual_processor(type, {24, 24}), "preprocessor_config.json");
    static_cast<void>(processor.hash());
    processor.tables(3);
    processor.with_output(12);
    const image::Image fitted = processor.fitted(image);
    if (const auto size = processor.output_size())
      check(fitted.width == size->width && fitted.height == size->height, "another size");
  }
}

}  // namespace

// An image may become as large as any that is decoded.
Target processor_target() { return {"processor", processor_seeds, read_processor, std::uint64_t{2} << 30}; }

}  // namespace hies::fuzz
