#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hies::image {

// What a file says of itself and Pillow looks for an orientation in. Empty: the file has nothing of the kind.
struct Metadata {
  std::optional<std::string> exif = std::nullopt;  // of JPEG's APP1 segments, or PNG's eXIf chunk
  std::string raw_profile = {};  // PNG: the text "Raw profile type exif", which ImageMagick writes; read where `exif` is absent
  std::string xmp = {};          // of JPEG's APP1 segments, or of PNG's international texts
  std::string xmp_text = {};     // PNG: the last text "XML:com.adobe.xmp" of any kind, which counts before `xmp`
};

// Returns the orientation, 1 … 8, that `ImageOps.exif_transpose` of Pillow finds: that of Exif if it names one, whatever its value,
// else that of XMP; 1 if none is valid.
int orientation_of(const Metadata& metadata);

// Returns the orientation that the first directory of Exif data names: 1 if the value is none of 2 … 8, or if the data is no TIFF file,
// with which Pillow fails; nothing if no entry up to the end or to damage names one, or there is no data.
// The data is a TIFF file of either byte order, with or without "Exif\0\0" before it; of two entries the first one counts. Every type of
// number is read, of several numbers the first; texts and bytes are no numbers.
std::optional<int> exif_orientation(std::string_view exif);

}  // namespace hies::image
