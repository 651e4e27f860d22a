#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "hies/image/orientation.h"

namespace hies::image {

// A chunk of a PNG file. All refer to the file.
struct PngChunk {
  std::string_view kind;   // "IDAT"
  std::string_view data;   // without length, kind and checksum
  std::string_view whole;  // with them
};

// Returns the chunks of a PNG file up to IEND, or to the first one that the file ends in. Checksums are not looked at.
std::vector<PngChunk> png_chunks(std::string_view file);

// Returns what they say before and after the pixels, in eXIf chunks and texts of all three kinds; of several of one name the last one
// counts. Compressed texts are read to a megabyte, as Pillow does.
Metadata png_metadata(std::span<const PngChunk> chunks);

}  // namespace hies::image
