// Files that consist of parts with lengths and checksums: a mutation changes a part and corrects these.
#include <array>
#include <cstring>
#include <vector>

#include <zlib.h>

#include "mutate.h"

namespace hies::fuzz {
namespace {

std::string big_endian(std::uint32_t value, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text += static_cast<char>(value >> (8 * i));
  return text;
}

std::uint32_t number_at(std::string_view file, std::size_t at, std::size_t bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i) value = value << 8 | static_cast<unsigned char>(file[at + i]);
  return value;
}

// A part of a file: a chunk of PNG, a segment of JPEG, a member of a tar file.
struct Part {
  std::string kind;
  std::string data;
};

// Repeats, removes or moves a part.
void mutate_order(std::vector<Part>& parts, Rng& rng) {
  const std::size_t at = below(rng, parts.size()), other = below(rng, parts.size());
  const auto place = parts.begin() + static_cast<std::ptrdiff_t>(at);
  switch (below(rng, 3)) {
    case 0: parts.erase(place); break;
    case 1: parts.insert(place, Part(parts[other])); break;
    default: std::swap(parts[at], parts[other]); break;
  }
}

std::string deflated(const std::string& data) {
  uLongf size = compressBound(data.size());
  std::string out(size, '\0');
  compress(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(data.data()), data.size());
  out.resize(size);
  return out;
}

// Exif data and texts that name an orientation, whole ones to begin with.
Part metadata_chunk(Rng& rng) {
  const std::string exif = std::string("MM\0*\0\0\0\x08\0\1\x01\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0", 26);
  const std::string xmp = "<x tiff:Orientation=\"6\"/>";
  switch (below(rng, 5)) {
    case 0: return {"eXIf", exif};
    case 1:
      return {"tEXt", std::string("Raw profile type exif\0\n\n\n", 25) + "4d4d002a00000008000101120003000000010006000000000000"};
    case 2: return {"iTXt", std::string("XML:com.adobe.xmp\0\0\0\0\0", 22) + xmp};
    case 3: return {"zTXt", std::string("XML:com.adobe.xmp\0\0", 19) + deflated(xmp)};
    default:
      return {"iTXt", std::string("XML:com.adobe.xmp\0\1\0\0\0", 22) + deflated(std::string(below(rng, 1 << 20), 'x') + xmp)};
  }
}

std::size_t octal(std::string_view text) {
  std::size_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '7') break;
    value = value * 8 + static_cast<std::size_t>(c - '0');
  }
  return value;
}

void correct_checksum(std::string& header) {
  header.replace(148, 8, 8, ' ');
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  std::string digits(6, '0');
  for (std::size_t i = 6; i-- > 0; sum >>= 3) digits[i] = static_cast<char>('0' + (sum & 7));
  header.replace(148, 8, digits + std::string("\0 ", 2));
}

void mutate_member(Part& member, Rng& rng) {
  constexpr std::array<std::string_view, 8> kNames = {"../x.png", "/x.png", "a/./b.png",     "a//b.png",
                                                      "",         ".",      "a/../../b.png", "PaxHeaders/x"};
  constexpr std::string_view kTypes = "0123567LKxgSVM";
  std::string& header = member.kind;
  switch (below(rng, 6)) {
    case 0: {
      std::string name(kNames[below(rng, kNames.size())]);
      name.resize(100);
      header.replace(0, 100, name);
      break;
    }
    case 1: header[156] = kTypes[below(rng, kTypes.size())]; break;
    case 2: {
      std::string size = "00000000000";
      size[below(rng, size.size())] = static_cast<char>('0' + below(rng, 9));
      header.replace(124, 11, size);
      break;
    }
    case 3: header[below(rng, header.size())] = static_cast<char>(rng.next()); break;
    default: mutate_bytes(member.data, rng); break;
  }
}

}  // namespace

void mutate_safetensors(std::string& file, Rng& rng) {
  std::uint64_t length = 0;
  if (file.size() >= 8) std::memcpy(&length, file.data(), 8);
  if (file.size() < 8 || length > file.size() - 8 || below(rng, 8) == 0) return mutate_bytes(file, rng);
  std::string header = file.substr(8, length), data = file.substr(8 + length);
  if (below(rng, 4) == 0) mutate_bytes(data, rng);
  else mutate_json(header, rng);
  header.resize((header.size() + 7) / 8 * 8, ' ');
  length = header.size();
  file.assign(reinterpret_cast<const char*>(&length), 8);
  file += header + data;
}

void mutate_png(std::string& file, Rng& rng) {
  constexpr std::size_t kMark = 8, kAround = 12;  // length, kind, checksum
  std::vector<Part> chunks;
  for (std::size_t at = kMark; file.size() >= at + kAround;) {
    const std::size_t length = number_at(file, at, 4);
    if (length > file.size() - at - kAround) break;
    chunks.push_back({file.substr(at + 4, 4), file.substr(at + 8, length)});
    at += kAround + length;
  }
  if (chunks.empty() || below(rng, 10) == 0) return mutate_bytes(file, rng);
  switch (below(rng, 5)) {
    case 0: mutate_order(chunks, rng); break;
    case 1:
      chunks.insert(chunks.begin() + static_cast<std::ptrdiff_t>(below(rng, chunks.size() + 1)), metadata_chunk(rng));
      break;
    default: {
      Part& chunk = any_of(chunks, rng);
      mutate_bytes(below(rng, 12) == 0 ? chunk.kind : chunk.data, rng);
      chunk.kind.resize(4, 'a');
    }
  }
  file.resize(kMark);
  for (const Part& chunk : chunks) {
    const std::string body = chunk.kind + chunk.data;
    const auto sum = crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()));
    file += big_endian(static_cast<std::uint32_t>(chunk.data.size()), 4) + body + big_endian(static_cast<std::uint32_t>(sum), 4);
  }
}

void mutate_jpeg(std::string& file, Rng& rng) {
  // Segments up to the first scan, which is the rest.
  std::vector<Part> segments;
  std::size_t at = 2;
  while (file.size() >= at + 4 && file[at] == '\xFF') {
    const std::size_t length = number_at(file, at + 2, 2);
    if (length < 2 || length > file.size() - at - 2) break;
    segments.push_back({file.substr(at, 2), file.substr(at + 4, length - 2)});
    at += 2 + length;
    if (segments.back().kind[1] == '\xDA') break;
  }
  if (segments.empty() || below(rng, 10) == 0) return mutate_bytes(file, rng);
  std::string scan = file.substr(at);
  switch (below(rng, 6)) {
    case 0: mutate_order(segments, rng); break;
    case 1: mutate_bytes(scan, rng); break;
    case 2: {
      const Part exif = metadata_chunk(rng);
      const std::string mark =
          exif.kind == "eXIf" ? std::string("Exif\0\0", 6) : std::string("http://ns.adobe.com/xap/1.0/\0", 29);
      segments.insert(segments.begin(), {"\xFF\xE1", (mark + exif.data).substr(0, 0xFF00)});
      break;
    }
    default: mutate_bytes(any_of(segments, rng).data, rng); break;
  }
  file.resize(2);
  for (const Part& segment : segments) {
    const std::string data = segment.data.substr(0, 0xFFFD);
    file += segment.kind + big_endian(static_cast<std::uint32_t>(data.size() + 2), 2) + data;
  }
  file += scan;
}

void mutate_tar(std::string& file, Rng& rng) {
  constexpr std::size_t kBlock = 512;
  std::vector<Part> members;
  for (std::size_t at = 0; file.size() >= at + kBlock && file[at] != '\0';) {
    const std::size_t size = octal(std::string_view(file).substr(at + 124, 12));
    members.push_back({file.substr(at, kBlock), file.substr(at + kBlock, size)});
    if (size > file.size()) break;
    at += kBlock + (size + kBlock - 1) / kBlock * kBlock;
    if (at > file.size()) break;
  }
  if (members.empty() || below(rng, 10) == 0) return mutate_bytes(file, rng);
  if (below(rng, 4) == 0) mutate_order(members, rng);
  else mutate_member(any_of(members, rng), rng);
  file.clear();
  for (Part& member : members) {
    correct_checksum(member.kind);
    file += member.kind + member.data;
    file.resize((file.size() + kBlock - 1) / kBlock * kBlock);
  }
  file.resize(file.size() + 2 * kBlock);
}

}  // namespace hies::fuzz
