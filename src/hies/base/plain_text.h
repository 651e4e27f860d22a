#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hies {

// How programs write plain text: a byte order mark before it, or another encoding than UTF-8; and three kinds of line ends. All
// readers of text files see them by these functions, as Python's open() does with encoding="utf-8-sig" (universal newlines): LF,
// CRLF and CR alone end a line.

// Returns `text` without the byte order mark that some programs put before UTF-8.
std::string_view without_byte_order_mark(std::string_view text) noexcept;

// Throws bad_input if a file that begins with `beginning` is UTF-16 or UTF-32, by its byte order mark or because every character
// of it would have to begin or end with a zero byte. `where` names the file.
void refuse_wide_encoding(std::string_view beginning, std::string_view where);

// Returns the lines of a text one by one, without their ends, as views into the text.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}
  // Returns false after the last line. A line end at the end of the text begins no further line.
  bool next(std::string_view& line);
  // Returns the number of the line that was returned last, from 1.
  std::int64_t number() const noexcept { return number_; }

 private:
  std::string_view rest_;
  std::int64_t number_ = 0;
};

// Returns `text` with LF in the place of every CRLF and CR.
std::string with_unix_line_ends(std::string text);

// Returns the number, from 1, of the line on which the byte at `position` stands.
std::int64_t line_at(std::string_view text, std::size_t position);

}  // namespace hies
