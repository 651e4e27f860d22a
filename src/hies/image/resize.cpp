#include "hies/image/resize.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace hies::image {
namespace {

constexpr int kBits = 22;  // fractional bits of the weights
constexpr double kPi = 3.14159265358979323846;

double sinc(double x) { return x == 0 ? 1 : std::sin(kPi * x) / (kPi * x); }

// Returns half the width, in pixels, of a filter that is not widened.
double reach(Filter filter) {
  switch (filter) {
    case Filter::lanczos: return 3;
    case Filter::bicubic: return 2;
    case Filter::box: return 0.5;
    default: return 1;
  }
}

double weight(Filter filter, double x) {
  const double far = std::abs(x);
  switch (filter) {
    case Filter::lanczos: return far < 3 ? sinc(x) * sinc(x / 3) : 0;
    case Filter::bicubic: {  // Keys 1981 with a = −½
      constexpr double a = -0.5;
      if (far < 1) return ((a + 2) * far - (a + 3)) * far * far + 1;
      return far < 2 ? (((far - 5) * far + 8) * far - 4) * a : 0;
    }
    case Filter::box: return x > -0.5 && x <= 0.5 ? 1 : 0;
    case Filter::hamming: return far < 1 ? sinc(x) * (0.54 + 0.46 * std::cos(kPi * x)) : 0;
    default: return far < 1 ? 1 - far : 0;
  }
}

// The pixels of a line that each pixel of the new line is a weighted sum of, and their weights.
struct Taps {
  std::vector<int> first, count;      // [new size]
  std::vector<std::int32_t> weights;  // [new size][max_count]
  std::size_t max_count = 0;

  Taps(int size, int new_size, Filter filter) : first(static_cast<std::size_t>(new_size)), count(first.size()) {
    const double scale = static_cast<double>(size) / new_size, stretch = std::max(scale, 1.0);
    const double support = reach(filter) * stretch, inverse = 1.0 / stretch;
    max_count = static_cast<std::size_t>(std::ceil(support)) * 2 + 1;
    weights.resize(first.size() * max_count);
    std::vector<double> exact(max_count);
    for (std::size_t i = 0; i < first.size(); ++i) {
      const double centre = (static_cast<double>(i) + 0.5) * scale;
      // Pillow truncates towards 0 after adding ½.
      first[i] = std::max(static_cast<int>(centre - support + 0.5), 0);                // NOLINT(bugprone-incorrect-roundings)
      count[i] = std::min(static_cast<int>(centre + support + 0.5), size) - first[i];  // NOLINT(bugprone-incorrect-roundings)
      double sum = 0;
      for (int tap = 0; tap < count[i]; ++tap)
        sum += exact[static_cast<std::size_t>(tap)] = weight(filter, (tap + first[i] - centre + 0.5) * inverse);
      for (int tap = 0; tap < count[i]; ++tap) {
        const double part = exact[static_cast<std::size_t>(tap)] / (sum == 0 ? 1 : sum) * (1 << kBits);
        weights[i * max_count + static_cast<std::size_t>(tap)] = static_cast<std::int32_t>(part < 0 ? part - 0.5 : part + 0.5);
      }
    }
  }
};

std::uint8_t rounded(std::int32_t sum) { return static_cast<std::uint8_t>(std::clamp(sum >> kBits, 0, 255)); }

template <int C>
void make_row(const std::uint8_t* from, const Taps& taps, std::uint8_t* to) {
  for (std::size_t x = 0; x < taps.first.size(); ++x) {
    const std::int32_t* w = taps.weights.data() + x * taps.max_count;
    const std::uint8_t* pixel = from + static_cast<std::size_t>(taps.first[x]) * C;
    std::int32_t sums[C];
    std::fill_n(sums, C, 1 << (kBits - 1));
    for (int tap = 0; tap < taps.count[x]; ++tap, pixel += C)
      for (int c = 0; c < C; ++c) sums[c] += pixel[c] * w[tap];
    for (int c = 0; c < C; ++c) to[x * C + static_cast<std::size_t>(c)] = rounded(sums[c]);
  }
}

// Resizes rows first … last−1 of the image horizontally. The other rows are not read afterwards, and stay black.
Image across(const Image& image, int width, Filter filter, int first, int last) {
  const Taps taps(image.width, width, filter);
  Image result(width, image.height, image.channels);
  for (int y = first; y < last; ++y) (image.channels == 1 ? make_row<1> : make_row<3>)(image.row(y), taps, result.row(y));
  return result;
}

Image down(const Image& image, const Taps& taps) {
  Image result(image.width, static_cast<int>(taps.first.size()), image.channels);
  const std::size_t row = std::size_t(image.width) * std::size_t(image.channels);
  std::vector<std::int32_t> sums(row);
  for (int y = 0; y < result.height; ++y) {
    const auto i = static_cast<std::size_t>(y);
    std::fill(sums.begin(), sums.end(), 1 << (kBits - 1));
    for (int tap = 0; tap < taps.count[i]; ++tap) {
      const std::int32_t w = taps.weights[i * taps.max_count + static_cast<std::size_t>(tap)];
      const std::uint8_t* from = image.row(taps.first[i] + tap);
      for (std::size_t x = 0; x < row; ++x) sums[x] += from[x] * w;
    }
    std::transform(sums.begin(), sums.end(), result.row(y), rounded);
  }
  return result;
}

// Returns the source pixel of each pixel of a line. Steps are summed up like in Pillow, with the same rounding.
std::vector<int> nearest_places(int size, int new_size) {
  const double step = static_cast<double>(size) / new_size;
  std::vector<int> places;
  double at = step * 0.5;
  for (int i = 0; i < new_size; ++i, at += step) places.push_back(std::min(static_cast<int>(at), size - 1));
  return places;
}

Image nearest(const Image& image, int width, int height) {
  const std::vector<int> columns = nearest_places(image.width, width), rows = nearest_places(image.height, height);
  Image result(width, height, image.channels);
  const auto C = static_cast<std::size_t>(image.channels);
  for (int y = 0; y < height; ++y) {
    const std::uint8_t* from = image.row(rows[static_cast<std::size_t>(y)]);
    std::uint8_t* to = result.row(y);
    for (const int column : columns) to = std::copy_n(from + static_cast<std::size_t>(column) * C, C, to);
  }
  return result;
}

}  // namespace

Image resize(const Image& image, int width, int height, Filter filter) {
  if (image.width == width && image.height == height) return image;
  if (filter == Filter::nearest) return nearest(image, width, height);
  if (image.height == height) return across(image, width, filter, 0, height);
  const Taps rows(image.height, height, filter);
  if (image.width == width) return down(image, rows);
  if (width > image.width && height < image.height) return across(down(image, rows), width, filter, 0, height);
  return down(across(image, width, filter, rows.first.front(), rows.first.back() + rows.count.back()), rows);
}

}  // namespace hies::image
