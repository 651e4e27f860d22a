#include "hies/base/printable.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include <fmt/format.h>

#include "hies/base/utf8.h"

namespace hies {
namespace {

constexpr char32_t kNotUtf8 = 0xFFFFFFFF;

struct Character {
  std::string_view bytes;
  char32_t code;  // kNotUtf8 for a byte that begins no character
};

Character first_character(std::string_view text) {
  const std::size_t length = utf8_sequence_length(text);
  if (length == 0) return {text.substr(0, 1), kNotUtf8};
  const auto lead = static_cast<unsigned char>(text[0]);
  char32_t code = length == 1 ? lead : lead & (0x7F >> length);
  for (std::size_t i = 1; i < length; ++i) code = code << 6 | (static_cast<unsigned char>(text[i]) & 0x3F);
  return {text.substr(0, length), code};
}

// Returns true for characters that act on a terminal or on the text around them, and for those that cannot be seen at all. The
// joiners U+200C and U+200D are part of words and emoji.
bool is_hidden(char32_t code) {
  if (code < 0x20) return true;
  if (code < 0x7F) return false;
  static constexpr std::array<std::pair<char32_t, char32_t>, 10> kRanges = {{{0x7F, 0x9F},
                                                                             {0x061C, 0x061C},
                                                                             {0x180E, 0x180E},
                                                                             {0x200B, 0x200B},
                                                                             {0x200E, 0x200F},
                                                                             {0x2028, 0x202E},
                                                                             {0x2060, 0x206F},
                                                                             {0xFEFF, 0xFEFF},
                                                                             {0xFFF9, 0xFFFB},
                                                                             {0xE0000, 0xE007F}}};
  return std::any_of(kRanges.begin(), kRanges.end(),
                     [&](const auto& range) { return code >= range.first && code <= range.second; });
}

std::string escape_of(const Character& character) {
  const char32_t code = character.code;
  if (code == kNotUtf8) return fmt::format("\\x{:02x}", static_cast<unsigned char>(character.bytes[0]));
  if (code == '\n') return "\\n";
  if (code == '\t') return "\\t";
  if (code == '\r') return "\\r";
  const auto number = static_cast<std::uint32_t>(code);
  if (number < 0x80) return fmt::format("\\x{:02x}", number);
  return number < 0x10000 ? fmt::format("\\u{:04x}", number) : fmt::format("\\U{:08x}", number);
}

std::string json_escape_of(const Character& character) {
  const auto code = static_cast<std::uint32_t>(character.code);
  if (character.code == kNotUtf8) return "\\ufffd";
  if (code < 0x10000) return fmt::format("\\u{:04x}", code);
  return fmt::format("\\u{:04x}\\u{:04x}", 0xD800 + ((code - 0x10000) >> 10), 0xDC00 + ((code - 0x10000) & 0x3FF));
}

bool is_shown(const Character& character) { return character.code != kNotUtf8 && !is_hidden(character.code); }

// Returns the text with escapes for what is not shown, but for line ends.
std::string escaped(std::string_view text, std::string (*escape)(const Character&)) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Character character = first_character(text);
    text.remove_prefix(character.bytes.size());
    if (character.code == '\n' || is_shown(character)) out += character.bytes;
    else out += escape(character);
  }
  return out;
}

}  // namespace

std::string printable(std::string_view text, std::size_t max_bytes) {
  std::string out;
  while (!text.empty()) {
    const Character character = first_character(text);
    text.remove_prefix(character.bytes.size());
    const std::string escape = is_shown(character) ? std::string() : escape_of(character);
    const std::string_view piece = escape.empty() ? character.bytes : escape;
    if (out.size() + piece.size() > max_bytes) return out + "…";
    out += piece;
  }
  return out;
}

std::string printable_lines(std::string_view text) { return escaped(text, escape_of); }

// Line ends stand between values; within strings JSON has escaped them already.
std::string printable_json(std::string_view json) { return escaped(json, json_escape_of); }

}  // namespace hies
