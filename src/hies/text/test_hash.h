#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>

namespace hies::text {

// 64-bit FNV-1a over little-endian int32 numbers. The scripts that write the expected ids compute the same hash.
struct Fnv1a {
  std::uint64_t state = 0xCBF29CE484222325;
  void add(std::int32_t value) {
    for (int shift = 0; shift < 32; shift += 8) {
      state = (state ^ ((static_cast<std::uint32_t>(value) >> shift) & 0xFF)) * 0x100000001B3;
    }
  }
  std::string hex() const { return fmt::format("{:016x}", state); }
};

}  // namespace hies::text
