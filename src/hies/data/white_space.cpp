#include "hies/data/white_space.h"

#include <algorithm>

namespace hies::data {
namespace {

bool is_tail(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

// Bytes of the white space that `text` begins with; 0 when it begins with something else.
std::size_t space_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const unsigned first = byte(0);
  if ((first >= 0x09 && first <= 0x0D) || (first >= 0x1C && first <= 0x20)) return 1;
  if (first == 0xC2) return byte(1) == 0x85 || byte(1) == 0xA0 ? 2 : 0;  // U+0085, U+00A0
  if (first == 0xE1) return byte(1) == 0x9A && byte(2) == 0x80 ? 3 : 0;  // U+1680
  if (first == 0xE3) return byte(1) == 0x80 && byte(2) == 0x80 ? 3 : 0;  // U+3000
  if (first != 0xE2) return 0;
  if (byte(1) == 0x81) return byte(2) == 0x9F ? 3 : 0;                                            // U+205F
  const bool space = byte(1) == 0x80 && ((byte(2) >= 0x80 && byte(2) <= 0x8A) ||                  // U+2000 … U+200A
                                         byte(2) == 0xA8 || byte(2) == 0xA9 || byte(2) == 0xAF);  // U+2028, U+2029, U+202F
  return space ? 3 : 0;
}

}  // namespace

std::string_view trim_end(std::string_view text) {
  while (!text.empty()) {
    std::size_t last = text.size() - 1;
    while (last > 0 && is_tail(text[last])) --last;
    if (space_length(text.substr(last)) != text.size() - last) break;
    text.remove_suffix(text.size() - last);
  }
  return text;
}

std::string_view trim(std::string_view text) {
  while (const std::size_t length = space_length(text)) text.remove_prefix(length);
  return trim_end(text);
}

std::int64_t count_gaps(std::string_view text) {
  std::int64_t gaps = 0;
  bool in_gap = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = space_length(text.substr(at));
    gaps += length > 0 && !in_gap;
    in_gap = length > 0;
    at += std::max<std::size_t>(length, 1);
  }
  return gaps;
}

std::int64_t count_characters(std::string_view text) {
  return static_cast<std::int64_t>(std::count_if(text.begin(), text.end(), [](char byte) { return !is_tail(byte); }));
}

}  // namespace hies::data
