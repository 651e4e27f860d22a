#include "hies/formats/gguf_writer.h"

#include <array>
#include <cstring>

#include <gtest/gtest.h>

#include "hies/base/files.h"

namespace hies::formats {
namespace {

GgufTensor tensor(std::string name, GgufType type, std::vector<std::int64_t> shape, std::vector<float> values) {
  return {std::move(name), type, std::move(shape), [type, values = std::move(values)](const ByteSink& sink) {
            std::vector<std::byte> bytes(gguf_bytes(type, values.size()));
            to_gguf(values, type, bytes.data());
            sink(bytes);
          }};
}

template <class T>
T number_at(const std::string& text, std::size_t at) {
  T value;
  std::memcpy(&value, text.data() + at, sizeof value);
  return value;
}

TEST(GgufWriter, LaysOutHeadAndTensors) {
  const auto path = std::filesystem::temp_directory_path() / "hies-gguf-writer-test.gguf";
  const GgufModel model = {{{"a", std::string("text")}, {"n", std::uint32_t{7}}},
                           {tensor("x", GgufType::f32, {1, 3}, {1, 2, 3}), tensor("y", GgufType::f16, {2}, {1, -1})}};
  const std::uint64_t bytes = write_gguf(path, model, true, silent_progress());
  const std::string text = read_file(path);
  std::filesystem::remove(path);
  ASSERT_EQ(text.size(), bytes);
  EXPECT_EQ(text.substr(0, 4), "GGUF");
  EXPECT_EQ(number_at<std::uint32_t>(text, 4), 3u);
  EXPECT_EQ(number_at<std::uint64_t>(text, 8), 2u);
  EXPECT_EQ(number_at<std::uint64_t>(text, 16), 2u);
  // Both tensors begin at multiples of 32 bytes, and the last one is padded as well.
  ASSERT_EQ(text.size() % 32, 0u);
  EXPECT_EQ(number_at<float>(text, text.size() - 64 + 8), 3.0f);
  EXPECT_EQ(number_at<std::uint16_t>(text, text.size() - 32), 0x3C00);
  EXPECT_EQ(number_at<std::uint16_t>(text, text.size() - 30), 0xBC00);
}

TEST(GgufType, QuantizesBlocks) {
  std::vector<float> values(kQ8Block);
  for (std::size_t i = 0; i < kQ8Block; ++i) values[i] = static_cast<float>(i) * 4 - 64;
  values.back() = -127;
  std::array<std::byte, 34> bytes;
  to_gguf(values, GgufType::q8_0, bytes.data());
  EXPECT_EQ(static_cast<int>(bytes[0]) + 256 * static_cast<int>(bytes[1]), 0x3C00);  // the scale: 1
  EXPECT_EQ(static_cast<std::int8_t>(bytes[2]), -64);
  EXPECT_EQ(static_cast<std::int8_t>(bytes[33]), -127);
  to_gguf(std::vector<float>(kQ8Block), GgufType::q8_0, bytes.data());
  for (const std::byte byte : bytes) EXPECT_EQ(byte, std::byte{0});
  EXPECT_FALSE(fits_gguf_type(GgufType::q8_0, 48));
  EXPECT_TRUE(fits_gguf_type(GgufType::f16, 48));
}

}  // namespace
}  // namespace hies::formats
