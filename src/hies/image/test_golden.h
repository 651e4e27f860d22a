#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "hies/base/files.h"
#include "hies/base/json.h"
#include "hies/image/decode.h"

namespace hies::image {

inline const std::string kGoldens = HIES_SOURCE_DIR "/tests/golden/images/";

// Returns the file that tools/goldens/images.py wrote.
inline const Json& golden() {
  static const Json json = read_json(kGoldens + "images.json");
  return json;
}

// Decodes base64 (RFC 4648).
inline std::string base64(std::string_view text) {
  std::string bytes;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    if (c == '=') break;
    const std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    bits = bits << 6 | static_cast<std::uint32_t>(letters.find(c));
    count += 6;
    if (count >= 8) bytes += static_cast<char>(bits >> (count -= 8) & 0xFF);
  }
  return bytes;
}

// Decodes an array of numbers in the golden file.
template <class T>
std::vector<T> numbers(const Json& text) {
  const std::string bytes = base64(text.get<std::string>());
  std::vector<T> values(bytes.size() / sizeof(T));
  std::memcpy(values.data(), bytes.data(), values.size() * sizeof(T));
  return values;
}

inline Image read(const std::string& name, int channels = 3) {
  const std::string file = read_file(kGoldens + "files/" + name);
  return decode(std::as_bytes(std::span(file)), channels, kMostPixels, name);
}

}  // namespace hies::image
