#include <cstdint>
#include <cstring>

#include "hies/base/error.h"
#include "hies/base/lfs_pointer.h"
#include "hies/base/plain_text.h"
#include "hies/base/utf8.h"
#include "hies/data/table_readers.h"

namespace hies::data {

std::size_t find_invalid_utf8(std::string_view text) noexcept {
  std::size_t at = 0;
  while (at < text.size()) {
    // Eight ASCII bytes at a time: most text is ASCII.
    std::uint64_t word = 0;
    if (at + sizeof word <= text.size()) {
      std::memcpy(&word, text.data() + at, sizeof word);
      if ((word & 0x8080808080808080ull) == 0) {
        at += sizeof word;
        continue;
      }
    }
    const std::size_t length = utf8_sequence_length(text.substr(at));
    if (length == 0) return at;
    at += length;
  }
  return std::string_view::npos;
}

void check_utf8(const std::filesystem::path& path, std::string_view content) {
  const std::size_t at = find_invalid_utf8(content);
  if (at == std::string_view::npos) return;
  throw Error(ErrorKind::bad_input,
              fmt::format("{}: line {} is not UTF-8 (byte 0x{:02x})", path.string(), line_at(content, at),
                          static_cast<unsigned char>(content[at])),
              "convert the file to UTF-8, for example with iconv");
}

std::string_view checked_text(const std::filesystem::path& path, std::string_view content) {
  refuse_lfs_pointer(content, path.string());
  refuse_wide_encoding(content, path.string());
  content = without_byte_order_mark(content);
  check_utf8(path, content);
  if (content.find_first_not_of(" \t\r\n") == std::string_view::npos) bad_input("{} is empty", path.string());
  return content;
}

}  // namespace hies::data
