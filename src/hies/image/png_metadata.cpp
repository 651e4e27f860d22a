#include <algorithm>
#include <cstdint>

#include <zlib.h>

#include "hies/image/png_chunks.h"

namespace hies::image {
namespace {

// Returns the beginning of `text` up to a NUL, and removes both; nothing if there is none.
std::optional<std::string_view> take_field(std::string_view& text) {
  const std::size_t end = text.find('\0');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view field = text.substr(0, end);
  text.remove_prefix(end + 1);
  return field;
}

// Returns the uncompressed text, or nothing if it is damaged or longer than Pillow reads.
std::optional<std::string> inflated(std::string_view text) {
  constexpr std::size_t kMost = 1 << 20;
  std::string result(kMost, '\0');
  auto size = static_cast<uLongf>(result.size());
  if (uncompress(reinterpret_cast<Bytef*>(result.data()), &size, reinterpret_cast<const Bytef*>(text.data()),
                 static_cast<uLong>(text.size())) != Z_OK)
    return std::nullopt;
  result.resize(size);
  return result;
}

// The text of a tEXt, zTXt or iTXt chunk whose keyword has been removed; nothing if it is damaged.
std::optional<std::string> content_of(std::string_view kind, std::string_view rest) {
  if (kind == "tEXt") return std::string(rest);
  const bool international = kind == "iTXt";
  if (rest.size() < (international ? 2 : 1)) return std::nullopt;
  const bool compressed = !international || rest[0] != 0;
  const char method = rest[international ? 1 : 0];
  rest.remove_prefix(international ? 2 : 1);
  if (compressed && method != 0) return std::nullopt;
  if (international && !(take_field(rest) && take_field(rest))) return std::nullopt;  // language, translated keyword
  return compressed ? inflated(rest) : std::string(rest);
}

// What has no NUL after its keyword, or cannot be uncompressed, is an empty text.
void read_text(std::string_view kind, std::string_view chunk, Metadata& metadata) {
  const std::size_t end = std::min(chunk.find('\0'), chunk.size());
  const std::string_view keyword = chunk.substr(0, end), rest = chunk.substr(std::min(end + 1, chunk.size()));
  const bool xmp = keyword == "XML:com.adobe.xmp";
  if (keyword == "exif" && kind == "tEXt") metadata.exif = rest;
  if (!xmp && keyword != "Raw profile type exif") return;
  const std::optional<std::string> content = content_of(kind, rest);
  if (!content && kind == "iTXt") return;
  (xmp ? metadata.xmp_text : metadata.raw_profile) = content.value_or("");
  if (xmp && kind == "iTXt") metadata.xmp = *content;
}

}  // namespace

std::vector<PngChunk> png_chunks(std::string_view file) {
  constexpr std::size_t kMark = 8, kAround = 12;  // a chunk's length, kind and checksum
  std::vector<PngChunk> chunks;
  for (std::size_t at = kMark; file.size() >= at + kAround;) {
    std::size_t length = 0;
    for (std::size_t i = 0; i < 4; ++i) length = length << 8 | static_cast<std::uint8_t>(file[at + i]);
    if (length > file.size() - at - kAround) break;
    chunks.push_back({file.substr(at + 4, 4), file.substr(at + 8, length), file.substr(at, kAround + length)});
    if (chunks.back().kind == "IEND") break;
    at += kAround + length;
  }
  return chunks;
}

Metadata png_metadata(std::span<const PngChunk> chunks) {
  Metadata metadata;
  for (const PngChunk& chunk : chunks) {
    if (chunk.kind == "eXIf") metadata.exif = chunk.data;
    else if (chunk.kind == "tEXt" || chunk.kind == "zTXt" || chunk.kind == "iTXt") read_text(chunk.kind, chunk.data, metadata);
  }
  return metadata;
}

}  // namespace hies::image
