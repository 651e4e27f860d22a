#include "hies/formats/float_conversion.h"

#include <bit>
#include <cmath>
#include <limits>

#include "hies/formats/test_files.h"

namespace hies::formats {
namespace {

template <class T>
TensorView view_of(const std::vector<T>& values, DType dtype) {
  TensorView view;
  view.name = "w";
  view.dtype = dtype;
  view.shape = {static_cast<std::int64_t>(values.size())};
  view.bytes = std::as_bytes(std::span(values));
  return view;
}

// Returns a value by the definition of IEEE 754: sign · significand · 2^exponent.
double reference(std::uint16_t bits, int exponent_bits, int fraction_bits) {
  const int bias = (1 << (exponent_bits - 1)) - 1;
  const int exponent = bits >> fraction_bits & ((1 << exponent_bits) - 1);
  const int fraction = bits & ((1 << fraction_bits) - 1);
  double value = 0;
  if (exponent == (1 << exponent_bits) - 1) {
    value = fraction == 0 ? std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
  } else if (exponent == 0) {
    value = std::ldexp(fraction, 1 - bias - fraction_bits);
  } else {
    value = std::ldexp(fraction + (1 << fraction_bits), exponent - bias - fraction_bits);
  }
  return (bits & 0x8000) != 0 ? -value : value;
}

TEST(FloatConversion, All16BitFloats) {
  std::vector<std::uint16_t> all(65536);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint16_t>(i);
  const auto halves = to_double(view_of(all, DType::float16));
  const auto brains = to_double(view_of(all, DType::bfloat16));
  ASSERT_EQ(halves.size(), all.size());
  for (const std::uint16_t bits : all) {
    for (const auto& [got, want] :
         {std::pair(halves[bits], reference(bits, 5, 10)), std::pair(brains[bits], reference(bits, 8, 7))}) {
      if (std::isnan(want)) {
        EXPECT_TRUE(std::isnan(got)) << bits;
      } else {
        EXPECT_EQ(std::bit_cast<std::uint64_t>(got), std::bit_cast<std::uint64_t>(want)) << bits;  // -0 is not 0
      }
    }
  }
}

TEST(FloatConversion, All16BitFloatsThereAndBack) {
  for (const auto& [dtype, exponent_bits, fraction_bits] :
       {std::tuple(DType::float16, 5, 10), std::tuple(DType::bfloat16, 8, 7)}) {
    std::vector<std::uint16_t> all(65536), back(1);
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint16_t>(i);
    std::vector<float> values(all.size());
    to_float(view_of(all, dtype), 0, values);
    for (const std::uint16_t bits : all) {
      from_float(std::span(values).subspan(bits, 1), dtype, std::as_writable_bytes(std::span(back)).data());
      if (std::isnan(values[bits])) EXPECT_TRUE(std::isnan(reference(back[0], exponent_bits, fraction_bits))) << bits;
      else EXPECT_EQ(back[0], bits);
    }
  }
}

TEST(FloatConversion, RoundsToNearestEven) {
  const auto rounded = [](float value, DType dtype) {
    std::uint16_t bits = 0;
    from_float(std::span(&value, 1), dtype, std::as_writable_bytes(std::span(&bits, 1)).data());
    return bits;
  };
  EXPECT_EQ(rounded(1 + 0x1p-11F, DType::float16), 0x3C00);
  EXPECT_EQ(rounded(1 + 3 * 0x1p-11F, DType::float16), 0x3C02);
  EXPECT_EQ(rounded(65519.0F, DType::float16), 0x7BFF);
  EXPECT_EQ(rounded(65520.0F, DType::float16), 0x7C00);
  EXPECT_EQ(rounded(-1.5F * 0x1p-24F, DType::float16), 0x8002);
  EXPECT_EQ(rounded(0.5F * 0x1p-24F, DType::float16), 0);
  EXPECT_EQ(rounded(1 + 0x1p-8F, DType::bfloat16), 0x3F80);
  EXPECT_EQ(rounded(1 + 3 * 0x1p-8F, DType::bfloat16), 0x3F82);
}

TEST(FloatConversion, TheSameValuesInAnotherType) {
  const std::vector<float> floats = {1.5F, -0.25F, 65504.0F};
  const std::vector<std::uint16_t> halves = {0x3E00, 0xB400, 0x7BFF};
  const TensorView wide = view_of(floats, DType::float32), narrow = view_of(halves, DType::float16);
  EXPECT_TRUE(same_values(wide, wide));
  EXPECT_TRUE(same_values(wide, narrow));
  EXPECT_FALSE(same_content(wide, narrow));
  const std::vector<float> others = {1.5F, -0.25F, 65504.5F};
  EXPECT_FALSE(same_values(view_of(others, DType::float32), narrow));
  TensorView column = wide;
  column.shape = {3, 1};
  EXPECT_FALSE(same_values(column, wide));
  const std::vector<std::int32_t> integers = {1, 2, 3};
  EXPECT_FALSE(same_values(view_of(integers, DType::int32), wide));
}

TEST(FloatConversion, WiderFloatsAsTheyAre) {
  const std::vector<float> floats = {1.5F, -0.0F, 1e-45F, 3.4e38F};
  const auto values = to_double(view_of(floats, DType::float32));
  for (std::size_t i = 0; i < floats.size(); ++i) EXPECT_EQ(values[i], static_cast<double>(floats[i]));
  const std::vector<double> doubles = {1.5, 5e-324, -1.7e308};
  EXPECT_EQ(to_double(view_of(doubles, DType::float64)), doubles);
}

TEST(FloatConversion, UnalignedBytes) {
  std::string bytes = "x";
  const double value = 0.1;
  bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
  TensorView view;
  view.dtype = DType::float64;
  view.shape = {1};
  view.bytes = std::as_bytes(std::span(bytes)).subspan(1);
  EXPECT_EQ(to_double(view), std::vector<double>{0.1});
  EXPECT_NO_THROW(check_finite(view));
}

TEST(FloatConversion, IntegersHaveNoFloatValues) {
  const std::vector<std::uint8_t> bytes = {1};
  EXPECT_EQ(error_of([&] { to_double(view_of(bytes, DType::uint8)); }).kind(), ErrorKind::internal);
}

// Tests every index where a block begins or ends, and each kind of value that is not finite.
template <class T>
void expect_found(DType dtype, T fill, const std::vector<std::pair<T, std::string>>& broken) {
  for (const std::size_t size : {1, 7, 1023, 1024, 1025, 5000}) {
    std::vector<T> values(size, fill);
    EXPECT_NO_THROW(check_finite(view_of(values, dtype)));
    for (const auto& [value, word] : broken) {
      for (const std::size_t at : {std::size_t{0}, size / 2, size - 1}) {
        auto spoilt = values;
        spoilt[at] = value;
        expect_error(error_of([&] { check_finite(view_of(spoilt, dtype)); }), ErrorKind::bad_input,
                     {"'w'", fmt::format(" {} at element {} of {}", word, at, size)});
      }
    }
  }
}

TEST(CheckFinite, FindsTheFirstOfEachKind) {
  expect_found<std::uint16_t>(DType::float16, 0xFBFF,
                              {{0x7C00, "infinity"}, {0xFC00, "-infinity"}, {0x7C01, "NaN"}, {0xFE00, "NaN"}});
  expect_found<std::uint16_t>(DType::bfloat16, 0xFF7F,
                              {{0x7F80, "infinity"}, {0xFF80, "-infinity"}, {0x7F81, "NaN"}, {0xFFC0, "NaN"}});
  expect_found<std::uint32_t>(DType::float32, 0xFF7FFFFF,
                              {{0x7F800000, "infinity"}, {0xFF800000, "-infinity"}, {0x7F800001, "NaN"}, {0xFFC00000, "NaN"}});
  expect_found<std::uint64_t>(DType::float64, 0xFFEFFFFFFFFFFFFF,
                              {{0x7FF0000000000000, "infinity"}, {0xFFF0000000000000, "-infinity"}, {0x7FF0000000000001, "NaN"}});
}

TEST(CheckFinite, OtherTypesAreFinite) {
  const std::vector<std::uint32_t> bits(10, 0x7F800001);
  EXPECT_NO_THROW(check_finite(view_of(bits, DType::int32)));
  EXPECT_NO_THROW(check_finite(view_of(std::vector<float>{}, DType::float32)));
}

class CheckFiniteFile : public FolderTest {};
TEST_F(CheckFiniteFile, IsNamed) {
  put("model.safetensors",
      file_of(R"({"layer.weight":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}})", std::string("\0\0\0\x7e", 4)));
  const TensorStore store = TensorStore::open(folder);
  expect_error(error_of([&] { check_finite(store.tensors()[0]); }), ErrorKind::bad_input,
               {"'layer.weight'", (folder / "model.safetensors").string(), "NaN at element 1 of 2"});
}

}  // namespace
}  // namespace hies::formats
