#include <algorithm>
#include <array>
#include <vector>

#include "mutate.h"

namespace hies::fuzz {
namespace {

constexpr std::array<std::uint64_t, 22> kNumbers = {
    0,      1,      2,      3,       7,          8,          9,          127,           128,        255,        256,
    0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x1'0000'0000, 1ull << 53, 1ull << 63, ~0ull};

// Words that parsers of texts give a meaning to.
constexpr std::array<std::string_view, 28> kWords = {
    "\xEF\xBB\xBF", "\r\n", "\r",   "\n",      "\t",   ",",     "\"",
    "\"\"",         "'",    "NA",   "null",    "nan",  "-1",    "1e999",
    "inf",          "-",    "\\",   "\\u0000", "0x10", "1_000", " ",
    "{}",           "[]",   "-0.0", "true",    "../",  "/",     "999999999999999999999"};
constexpr std::array<std::string_view, 6> kBadUtf8 = {"\xFF", "\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82", "\x80"};

void overwrite_number(std::string& bytes, Rng& rng) {
  const std::size_t width = std::size_t{1} << below(rng, 4);
  if (bytes.size() < width) return;
  const std::size_t at = below(rng, bytes.size() - width + 1);
  const std::uint64_t number = kNumbers[below(rng, kNumbers.size())];
  const bool big = below(rng, 2) == 0;
  for (std::size_t i = 0; i < width; ++i) bytes[at + (big ? width - 1 - i : i)] = static_cast<char>(number >> (8 * i));
}

std::string some_text(Rng& rng) {
  switch (below(rng, 6)) {
    case 0: return std::string(kBadUtf8[below(rng, kBadUtf8.size())]);
    case 1: return std::string(1, static_cast<char>(rng.next()));
    case 2: return std::string(below(rng, 5000), static_cast<char>('a' + below(rng, 26)));
    case 3: return std::string(1 + below(rng, 3), '\0');
    default: return std::string(kWords[below(rng, kWords.size())]);
  }
}

std::vector<std::string> split(std::string_view text, std::string_view at) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    parts.back() += c;
    if (at.find(c) != std::string_view::npos) parts.emplace_back();
  }
  return parts;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += part;
  return text;
}

// Moves, repeats or removes whole parts.
void mutate_parts(std::vector<std::string>& parts, Rng& rng) {
  const std::size_t at = below(rng, parts.size()), other = below(rng, parts.size());
  const auto place = parts.begin() + static_cast<std::ptrdiff_t>(at);
  switch (below(rng, 4)) {
    case 0: parts.erase(place); break;
    case 1: parts.insert(place, std::string(parts[other])); break;
    case 2: parts.insert(place, 1 + below(rng, 50), std::string(parts[at])); break;
    default: std::swap(parts[at], parts[other]); break;
  }
}

}  // namespace

void mutate_bytes(std::string& bytes, Rng& rng) {
  if (bytes.empty()) {
    bytes = some_text(rng);
    return;
  }
  const std::size_t at = below(rng, bytes.size()), length = 1 + below(rng, std::min<std::size_t>(bytes.size() - at, 40));
  switch (below(rng, 9)) {
    case 0: bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(rng, 8))); break;
    case 1: bytes[at] = static_cast<char>(rng.next()); break;
    case 2: bytes.resize(at); break;
    case 3: bytes.erase(at, length); break;
    case 4: bytes.insert(at, bytes.substr(below(rng, bytes.size()), length)); break;
    case 5: bytes.replace(at, length, bytes.substr(below(rng, bytes.size()), length)); break;
    case 6: bytes.insert(at, some_text(rng)); break;
    default: overwrite_number(bytes, rng); break;
  }
}

void mutate_text(std::string& text, Rng& rng) {
  if (below(rng, 8) == 0) return mutate_bytes(text, rng);
  std::vector<std::string> lines = split(text, "\n");
  if (below(rng, 4) == 0) {
    mutate_parts(lines, rng);
  } else {
    std::string& line = any_of(lines, rng);
    std::vector<std::string> cells = split(line, "\t,");
    if (below(rng, 2) == 0) mutate_parts(cells, rng);
    else any_of(cells, rng).insert(0, some_text(rng));
    line = joined(cells);
  }
  text = joined(lines);
}

void mutate_jsonl(std::string& text, Rng& rng) {
  std::vector<std::string> lines = split(text, "\n");
  if (below(rng, 4) == 0) {
    mutate_parts(lines, rng);
  } else {
    std::string& line = any_of(lines, rng);
    mutate_json(line, rng);
    if (!line.ends_with('\n')) line += '\n';
  }
  text = joined(lines);
}

}  // namespace hies::fuzz
