// Compares resizing and preprocessing with Pillow and the Pillow processors of transformers, bit for bit.

#include <map>

#include "hies/base/test_files.h"
#include "hies/image/processor.h"
#include "hies/image/test_golden.h"

namespace hies::image {
namespace {

TEST(Resize, IsPillows) {
  const std::map<std::string, Filter> filters = {{"nearest", Filter::nearest},   {"lanczos", Filter::lanczos},
                                                 {"bilinear", Filter::bilinear}, {"bicubic", Filter::bicubic},
                                                 {"box", Filter::box},           {"hamming", Filter::hamming}};
  for (const Json& wanted : golden()["resized"]) {
    const Image image = resize(read(wanted["file"]), wanted["width"], wanted["height"], filters.at(wanted["filter"]));
    EXPECT_EQ(image.pixels, numbers<std::uint8_t>(wanted["rgb"]))
        << wanted["file"] << " to " << wanted["width"] << "×" << wanted["height"] << ", " << wanted["filter"];
  }
}

TEST(Resize, GreyIsOneOfThreeEqualChannels) {
  const Image grey = read("grey.png", 1), rgb = read("grey.png", 3);
  for (const Filter filter : {Filter::nearest, Filter::bilinear, Filter::bicubic})
    EXPECT_EQ(with_channels(resize(grey, 13, 29, filter), 3).pixels, resize(rgb, 13, 29, filter).pixels);
}

// What changes pixels changes the hash; a step that is left out has no numbers.
TEST(Processor, HashIsOfWhatMakesPixels) {
  const Processor usual = usual_processor("vit", {224, 224});
  const auto hash = [&](const char* text) { return parse_processor(parse_json(text, "p.json"), usual, "p.json").hash(); };
  const std::string plain = hash("{}");
  EXPECT_EQ(plain.size(), 32u);
  EXPECT_EQ(hash(R"({"do_rescale": true, "image_processor_type": "ViTImageProcessor"})"), plain);
  for (const char* other : {R"({"size": {"height": 32, "width": 32}})", R"({"resample": 3})", R"({"do_normalize": false})",
                            R"({"image_mean": [0.25]})", R"({"do_rescale": false})", R"({"do_resize": false})"})
    EXPECT_NE(hash(other), plain) << other;
  EXPECT_EQ(hash(R"({"do_normalize": false, "image_mean": [0.25]})"), hash(R"({"do_normalize": false})"));
}

TEST(Processor, IsTransformers) {
  for (const Json& wanted : golden()["processed"]) {
    SCOPED_TRACE(wanted["config"].dump() + " " + wanted["file"].dump());
    const Processor processor = parse_processor(wanted["config"], usual_processor("vit", {224, 224}), "p.json");
    const Image image = processor.fitted(read(wanted["file"]));
    const std::size_t height = wanted["shape"][1].get<std::size_t>(), width = wanted["shape"][2].get<std::size_t>();
    ASSERT_EQ(std::size_t(image.height), height);
    ASSERT_EQ(std::size_t(image.width), width);
    EXPECT_EQ(processor.output_size(), (Size{image.height, image.width}));
    const auto raw = numbers<std::uint8_t>(wanted["raw"]);
    const auto values = numbers<float>(wanted["values"]);  // those of the middle row
    const auto tables = processor.tables(3);
    for (std::size_t c = 0; c < 3; ++c)
      for (std::size_t i = 0; i < height * width; ++i)
        ASSERT_EQ(image.pixels[i * 3 + c], raw[c * height * width + i]) << c << " " << i;
    for (std::size_t c = 0; c < 3; ++c)
      for (std::size_t x = 0; x < width; ++x)
        ASSERT_EQ(tables[c][image.row(static_cast<int>(height / 2))[x * 3 + c]], values[c * width + x]);
  }
}

Processor parsed(const char* text) {
  return parse_processor(parse_json(text, "p.json"), usual_processor("vit", {224, 224}), "p.json");
}
Error refused(const char* text) {
  return error_of([&] { parsed(text); });
}

TEST(Processor, ReadsOldAndNewFiles) {
  EXPECT_EQ(parsed(R"({"feature_extractor_type":"ViTFeatureExtractor","size":96})").output_size(), (Size{96, 96}));
  const Processor shortest =
      parsed(R"({"feature_extractor_type":"CLIPFeatureExtractor","size":96,"do_center_crop":true,"crop_size":80})");
  EXPECT_EQ(shortest.shortest_edge, 96);
  EXPECT_EQ(shortest.output_size(), (Size{80, 80}));
  EXPECT_EQ(parsed(R"({"image_processor_type":"ViTImageProcessorFast","size":{"height":8,"width":9},"resample":3})").resample,
            Filter::bicubic);
  EXPECT_FALSE(parsed("{}").assumed);
  EXPECT_TRUE(usual_processor("vit", {32, 32}).assumed);
}

TEST(Processor, RefusesWhatItCannotDo) {
  EXPECT_EQ(refused(R"({"resample":6})").hint(), "known: 0 nearest, 1 lanczos, 2 bilinear, 3 bicubic, 4 box, 5 hamming");
  EXPECT_EQ(refused(R"({"image_processor_type":"DonutImageProcessor"})").kind(), ErrorKind::unsupported);
  EXPECT_EQ(refused(R"({"size":{"shortest_edge":8,"longest_edge":9}})").kind(), ErrorKind::unsupported);
  EXPECT_EQ(refused(R"({"size":{"height":0,"width":9}})").kind(), ErrorKind::bad_input);
  EXPECT_EQ(refused(R"({"image_std":[0.5,0,0.5]})").kind(), ErrorKind::bad_input);
  EXPECT_EQ(refused("[]").kind(), ErrorKind::bad_input);
  EXPECT_EQ(error_of([] { parsed(R"({"image_mean":[0.5,0.5]})").tables(3); }).kind(), ErrorKind::bad_input);
}

TEST(Processor, AnotherOutputKeepsProportions) {
  const Processor deit = usual_processor("deit", {224, 224}).with_output(112);
  EXPECT_EQ(deit.size, (Size{128, 128}));
  EXPECT_EQ(deit.output_size(), (Size{112, 112}));
  const Processor dino = usual_processor("dinov2", {518, 518}).with_output(448);
  EXPECT_EQ(dino.shortest_edge, 512);
  EXPECT_EQ(usual_processor("vit", {32, 32}).with_output(48).output_size(), (Size{48, 48}));
}

// A narrow image, and a shortest edge of an absurd length: terabytes.
TEST(Processor, ResizesToNoMorePixelsThanAreDecoded) {
  Processor processor;
  processor.shortest_edge = 1 << 15;
  const Error error = error_of([&] { processor.fitted(Image(1, 6000, 1)); });
  EXPECT_EQ(error.kind(), ErrorKind::bad_input);
  EXPECT_NE(std::string_view(error.what()).find("an image of 6000×1 pixels would be resized to"), std::string_view::npos)
      << error.what();
  processor.shortest_edge = 0;
  processor.size = {1 << 15, 1 << 15};
  EXPECT_EQ(error_of([&] { processor.fitted(Image(1, 1, 1)); }).kind(), ErrorKind::bad_input);
}

}  // namespace
}  // namespace hies::image
