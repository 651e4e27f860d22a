#include "image_files.h"

#include <zlib.h>

#include "../target.h"
#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/data/images/test_sets.h"

namespace hies::fuzz {

std::string tar_of(const Bundle& files) {
  std::vector<data::Member> members;
  for (const auto& [name, content] : files) members.push_back({name, content});
  return data::tar_of(members);
}

std::string gzip_of(const std::string& content) {
  z_stream stream = {};
  constexpr int kGzip = 16 + MAX_WBITS;
  check(deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY) == Z_OK, "no zlib");
  std::string out(deflateBound(&stream, content.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  check(deflate(&stream, Z_FINISH) == Z_STREAM_END, "zlib");
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

Bundle class_folders() {
  const auto file = [](const char* name) { return read_file(goldens() / "images/files" / name); };
  return {{"cat/0.jpg", file("turned-6.jpg")},
          {"cat/1.png", file("grey.png")},
          {"dog/2.png", file("palette.png")},
          {"tree-frog/3.png", file("one.png")}};
}

std::string idx_of(const std::vector<unsigned>& header, std::size_t values) {
  std::string bytes;
  for (const unsigned number : header)
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift & 0xFF);
  for (std::size_t i = 0; i < values; ++i) bytes += static_cast<char>(i % 3);
  return bytes;
}

}  // namespace hies::fuzz
