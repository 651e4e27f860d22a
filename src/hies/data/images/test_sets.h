#pragma once

#include <string>
#include <vector>

#include <fmt/format.h>

#include "hies/model/spec.h"

// What tests and the fuzz targets make image sets of.
namespace hies::data {

// A member of a tar file: type '0' a file, '5' a folder, '1' and '2' links to `content`.
struct Member {
  std::string path;
  std::string content;
  char type = '0';
};

// POSIX.1-1988 (ustar).
inline std::string tar_of(const std::vector<Member>& members) {
  std::string tar;
  for (const Member& member : members) {
    std::string header(512, '\0');
    const auto put = [&](std::size_t at, const std::string& text) { text.copy(header.data() + at, text.size()); };
    const bool link = member.type == '1' || member.type == '2';
    put(0, member.path);
    put(100, "0000644");
    put(124, fmt::format("{:011o}", link ? 0 : member.content.size()));
    put(136, "00000000000");
    header[156] = member.type;
    if (link) put(157, member.content);
    put(257, std::string("ustar\00000", 8));
    put(148, "        ");
    unsigned sum = 0;
    for (const char c : header) sum += static_cast<unsigned char>(c);
    put(148, fmt::format("{:06o}", sum));
    header[154] = '\0';
    tar += header;
    if (link) continue;
    tar += member.content + std::string((512 - member.content.size() % 512) % 512, '\0');
  }
  return tar + std::string(1024, '\0');
}

// A model of three labels that reads images of 12 × 12.
inline model::ModelSpec image_spec() {
  model::ModelSpec spec;
  spec.labels = {"cat", "dog", "tree frog"};
  spec.vision.height = spec.vision.width = 12;
  spec.vision.leading = {"cls"};
  spec.vision.patch_height = spec.vision.patch_width = 4;
  return spec;
}

}  // namespace hies::data
