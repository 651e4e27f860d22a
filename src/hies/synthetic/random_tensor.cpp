#include "hies/synthetic/random_tensor.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <functional>
#include <future>
#include <memory>
#include <numeric>

#include "hies/base/error.h"
#include "hies/base/rng.h"
#include "hies/kernels/parallel.h"

namespace hies::synthetic {
namespace {

using formats::DType;
using Bytes = std::vector<std::byte>;
using Sink = std::function<void(std::span<const std::byte>)>;

constexpr std::size_t kQuantiles = 1 << 16;
constexpr std::size_t kBlock = std::size_t{1} << 16;  // numbers that one generator gives
constexpr std::size_t kBlocks = 128;                  // that are made before they are written: 16 MiB of bfloat16

std::uint16_t to_bfloat16(double value) {
  const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(value));
  return static_cast<std::uint16_t>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

// Converts finite numbers far below the largest half.
std::uint16_t to_float16(double value) {
  const double size = std::abs(value);
  const int exponent = size == 0 ? -14 : std::max(std::ilogb(size), -14);
  const auto steps = static_cast<int>(std::nearbyint(std::ldexp(size, 10 - exponent)));  // of the last place; ties go to even
  // A full 1024 steps are the implicit bit; carries go into the exponent by themselves.
  const int bits = exponent == -14 && steps < 1024 ? steps : (exponent + 15) * 1024 + (steps - 1024);
  return static_cast<std::uint16_t>(bits | (std::signbit(value) ? 0x8000 : 0));
}

void put(std::byte* place, DType dtype, double value) {
  const auto copy = [place](auto number) { std::memcpy(place, &number, sizeof number); };
  switch (dtype) {
    case DType::float16: return copy(to_float16(value));
    case DType::bfloat16: return copy(to_bfloat16(value));
    case DType::float32: return copy(static_cast<float>(value));
    default: check(false, "numbers of that type are not made");
  }
}

// Returns the middles of equally likely parts of the normal distribution.
std::vector<double> quantiles() {
  std::vector<double> values(kQuantiles);
  for (std::size_t i = kQuantiles / 2; i < kQuantiles; ++i) {
    const double below = (static_cast<double>(i) + 0.5) / kQuantiles;
    double low = 0, high = 5;
    for (int step = 0; step < 50; ++step) {
      const double middle = (low + high) / 2;
      (0.5 * std::erfc(-middle / std::sqrt(2.0)) < below ? low : high) = middle;
    }
    values[i] = low;
    values[kQuantiles - 1 - i] = -low;
  }
  return values;
}

std::shared_ptr<const Bytes> table_of(DType dtype, double deviation) {
  static const std::vector<double> normal = quantiles();
  const std::size_t size = formats::element_bytes(dtype);
  auto table = std::make_shared<Bytes>(kQuantiles * size);
  for (std::size_t i = 0; i < kQuantiles; ++i) put(table->data() + i * size, dtype, normal[i] * deviation);
  return table;
}

// Fills one block from its own generator. `Word` is as wide as an element.
template <class Word>
void fill_block(std::byte* out, std::size_t count, const std::byte* table, std::uint64_t seed) {
  Rng rng(seed);
  std::size_t i = 0;
  while (i < count) {
    std::uint64_t random = rng.next();
    for (int part = 0; part < 4 && i < count; ++part, ++i, random >>= 16)
      std::memcpy(out + i * sizeof(Word), table + (random & 0xFFFF) * sizeof(Word), sizeof(Word));
  }
}

std::uint64_t name_seed(const std::string& name, std::uint64_t seed) {
  std::uint64_t hash = Rng(seed).next();
  for (const char c : name) hash = Rng(hash ^ static_cast<unsigned char>(c)).next();
  return hash;
}

Bytes make_piece(std::size_t first, std::size_t count, std::size_t size, const Bytes& table, std::uint64_t seed) {
  Bytes piece(count * size);
  const std::size_t blocks = (count + kBlock - 1) / kBlock;
  kernels::parallel_for(static_cast<std::int64_t>(blocks), static_cast<double>(count), [&](std::int64_t item) {
    const auto block = static_cast<std::size_t>(item);
    const std::size_t begin = block * kBlock, length = std::min(kBlock, count - begin);
    const std::uint64_t own = Rng(seed + (first / kBlock + block)).next();
    std::byte* out = piece.data() + begin * size;
    if (size == 2) fill_block<std::uint16_t>(out, length, table.data(), own);
    else fill_block<std::uint32_t>(out, length, table.data(), own);
  });
  return piece;
}

std::size_t count_of(const std::vector<std::int64_t>& shape) {
  return static_cast<std::size_t>(std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>()));
}

}  // namespace

formats::TensorSource normal_tensor(const std::string& name, DType dtype, const std::vector<std::int64_t>& shape,
                                    std::uint64_t seed, double deviation) {
  const auto write = [=, own = name_seed(name, seed)](const Sink& sink) {
    const std::shared_ptr<const Bytes> table = table_of(dtype, deviation);
    const std::size_t count = count_of(shape), size = formats::element_bytes(dtype), most = kBlocks * kBlock;
    const auto make = [&](std::size_t first) { return make_piece(first, std::min(most, count - first), size, *table, own); };
    // One piece is generated while another is written.
    std::future<Bytes> next = std::async(std::launch::deferred, make, std::size_t{0});
    for (std::size_t first = 0; first < count; first += most) {
      const Bytes piece = next.get();
      if (first + most < count) next = std::async(std::launch::async, make, first + most);
      sink(piece);
    }
  };
  return {name, dtype, shape, 0, write};
}

formats::TensorSource ones_tensor(const std::string& name, DType dtype, const std::vector<std::int64_t>& shape) {
  const auto write = [=](const Sink& sink) {
    const std::size_t count = count_of(shape), size = formats::element_bytes(dtype);
    Bytes bytes(count * size);
    for (std::size_t i = 0; i < count; ++i) put(bytes.data() + i * size, dtype, 1.0);
    sink(bytes);
  };
  return {name, dtype, shape, 0, write};
}

}  // namespace hies::synthetic
