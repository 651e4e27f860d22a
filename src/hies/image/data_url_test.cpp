#include "hies/image/data_url.h"

#include <numeric>

#include <gtest/gtest.h>

#include "hies/image/decode.h"
#include "hies/image/test_golden.h"

namespace hies::image {
namespace {

Image colourful(int width, int height, int channels) {
  Image image(width, height, channels);
  for (std::size_t i = 0; i < image.pixels.size(); ++i) image.pixels[i] = static_cast<std::uint8_t>(i * 37 % 256);
  return image;
}

TEST(DataUrl, HoldsTheImage) {
  for (const int channels : {1, 3}) {
    for (const int width : {1, 2, 5, 32}) {
      const Image image = colourful(width, 3, channels);
      const std::string url = data_url(image), begin = "data:image/png;base64,";
      ASSERT_TRUE(url.starts_with(begin));
      EXPECT_EQ(url.size() % 4, begin.size() % 4);
      const std::string file = base64(url.substr(begin.size()));
      const Image read = decode(std::as_bytes(std::span(file)), channels, 1000, "test");
      EXPECT_EQ(read.width, width);
      EXPECT_EQ(read.height, 3);
      EXPECT_EQ(read.pixels, image.pixels);
    }
  }
}

TEST(DataUrl, WhatANetworkReadsIsTheImage) {
  Processor processor;
  processor.mean = {0.485, 0.456, 0.406};
  processor.deviation = {0.229, 0.224, 0.225};
  const Image image = colourful(16, 16, 3);
  const auto tables = processor.tables(3);
  std::vector<float> pixels;
  for (std::size_t channel = 0; channel < 3; ++channel)
    for (std::size_t i = 0; i < 256; ++i) pixels.push_back(tables[channel][image.pixels[3 * i + channel]]);
  EXPECT_EQ(image_of(pixels, 3, {16, 16}, processor).pixels, image.pixels);
}

}  // namespace
}  // namespace hies::image
