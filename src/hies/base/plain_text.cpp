#include "hies/base/plain_text.h"

#include <algorithm>
#include <array>
#include <utility>

#include "hies/base/error.h"

namespace hies {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::string_view kUtf8Mark = "\xEF\xBB\xBF";
// UTF-32 stands first: its little-endian mark begins like that of UTF-16.
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kWideMarks = {
    {{"\xFF\xFE\0\0"sv, "UTF-32"}, {"\0\0\xFE\xFF"sv, "UTF-32"}, {"\xFF\xFE"sv, "UTF-16"}, {"\xFE\xFF"sv, "UTF-16"}}};

std::string_view wide_encoding(std::string_view beginning) noexcept {
  for (const auto& [mark, name] : kWideMarks)
    if (beginning.starts_with(mark)) return name;
  // Without a mark: an ASCII character of UTF-16 is a byte and a zero byte. No text in UTF-8 has a zero byte in its first two.
  const bool one_is_zero = beginning.size() >= 2 && (beginning[0] == '\0') != (beginning[1] == '\0');
  return one_is_zero ? "UTF-16" : "";
}

}  // namespace

std::string_view without_byte_order_mark(std::string_view text) noexcept {
  if (text.starts_with(kUtf8Mark)) text.remove_prefix(kUtf8Mark.size());
  return text;
}

void refuse_wide_encoding(std::string_view beginning, std::string_view where) {
  const std::string_view encoding = wide_encoding(beginning);
  if (encoding.empty()) return;
  throw Error(ErrorKind::bad_input, fmt::format("{} is text in {}, but UTF-8 is read", where, encoding),
              fmt::format("convert it: iconv -f {} -t UTF-8 FILE > NEW_FILE", encoding));
}

bool Lines::next(std::string_view& line) {
  if (rest_.empty()) return false;
  const std::size_t end = std::min(rest_.find_first_of("\r\n"), rest_.size());
  line = rest_.substr(0, end);
  rest_.remove_prefix(end);
  if (!rest_.empty()) rest_.remove_prefix(rest_.starts_with("\r\n") ? 2 : 1);
  ++number_;
  return true;
}

std::string with_unix_line_ends(std::string text) {
  if (text.find('\r') == std::string::npos) return text;
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r') result.push_back(text[i]);
    else if (i + 1 == text.size() || text[i + 1] != '\n') result.push_back('\n');
  }
  return result;
}

std::int64_t line_at(std::string_view text, std::size_t position) {
  std::int64_t line = 1;
  for (std::size_t i = 0; i < std::min(position, text.size()); ++i)
    line += text[i] == '\n' || (text[i] == '\r' && (i + 1 == text.size() || text[i + 1] != '\n'));
  return line;
}

}  // namespace hies
