#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <string>

#include <jpeglib.h>

#include <jerror.h>

#include "hies/base/error.h"
#include "hies/image/decoders.h"
#include "hies/image/orientation.h"

namespace hies::image {
namespace {

// libjpeg reports errors by longjmp: between setjmp and the jump no object with a destructor may be constructed.
struct Failure {
  jpeg_error_mgr base;
  std::jmp_buf jump;
  char message[JMSG_LENGTH_MAX] = {};
};

Failure& failure_of(j_common_ptr common) { return *reinterpret_cast<Failure*>(common->err); }

[[noreturn]] void fail(j_common_ptr common) {
  Failure& failure = failure_of(common);
  common->err->format_message(common, failure.message);
  std::longjmp(failure.jump, 1);
}

// Warnings that mean that libjpeg has invented a part of the image are errors; others (bytes between segments) are ignored.
void warn(j_common_ptr common, int level) {
  if (level >= 0) return;
  switch (common->err->msg_code) {
    case JWRN_JPEG_EOF:
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE: fail(common);
    default: break;
  }
}

// A progressive file may go over all pixels again in every scan of a few bytes: libjpeg-turbo's own program stops here, too.
void limit_scans(j_common_ptr common) {
  constexpr int kMostScans = 500;
  if (reinterpret_cast<j_decompress_ptr>(common)->input_scan_number <= kMostScans) return;
  std::snprintf(failure_of(common).message, JMSG_LENGTH_MAX, "more than %d scans", kMostScans);
  std::longjmp(failure_of(common).jump, 1);
}

class Reader {
 public:
  explicit Reader(std::span<const std::byte> file) : file_(file) {
    decoder_.err = jpeg_std_error(&failure_.base);
    failure_.base.error_exit = fail;
    failure_.base.emit_message = warn;
    failure_.base.output_message = [](j_common_ptr) {};
    progress_.progress_monitor = limit_scans;
  }
  ~Reader() { jpeg_destroy_decompress(&decoder_); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  const jpeg_decompress_struct& info() const noexcept { return decoder_; }
  const char* message() const noexcept { return failure_.message; }

  bool read_header() {
    if (setjmp(failure_.jump) != 0) return false;
    jpeg_create_decompress(&decoder_);
    decoder_.progress = &progress_;
    jpeg_mem_src(&decoder_, reinterpret_cast<const unsigned char*>(file_.data()), static_cast<unsigned long>(file_.size()));
    jpeg_save_markers(&decoder_, JPEG_APP0 + 1, 0xFFFF);
    jpeg_read_header(&decoder_, TRUE);
    if (decoder_.num_components == 1) decoder_.out_color_space = JCS_GRAYSCALE;
    else decoder_.out_color_space = decoder_.num_components == 4 ? JCS_CMYK : JCS_RGB;
    return true;
  }

  // Writes the pixels to `rows`, which has space for the whole image, with one byte for each component of a pixel.
  bool read_pixels(std::uint8_t* rows, std::size_t row_bytes) {
    if (setjmp(failure_.jump) != 0) return false;
    jpeg_start_decompress(&decoder_);
    while (decoder_.output_scanline < decoder_.output_height) {
      JSAMPROW row = rows + decoder_.output_scanline * row_bytes;
      jpeg_read_scanlines(&decoder_, &row, 1);
    }
    jpeg_finish_decompress(&decoder_);
    return true;
  }

 private:
  std::span<const std::byte> file_;
  jpeg_decompress_struct decoder_ = {};
  Failure failure_ = {};
  jpeg_progress_mgr progress_ = {};
};

// Exif data may continue in further segments; of several XMP segments the last one counts.
Metadata metadata_of(const jpeg_decompress_struct& info) {
  constexpr std::string_view kExif{"Exif\0\0", 6}, kXmp{"http://ns.adobe.com/xap/1.0/\0", 29};
  Metadata metadata;
  for (jpeg_saved_marker_ptr marker = info.marker_list; marker != nullptr; marker = marker->next) {
    const std::string_view data(reinterpret_cast<const char*>(marker->data), marker->data_length);
    if (data.starts_with(kExif)) (metadata.exif ? *metadata.exif : metadata.exif.emplace()).append(data.substr(kExif.size()));
    else if (data.starts_with(kXmp)) metadata.xmp = data.substr(kXmp.size());
  }
  return metadata;
}

// Returns x·y / 255, rounded as in Pillow.
int product(int x, int y) {
  const int value = x * y + 128;
  return ((value >> 8) + value) >> 8;
}

// Converts CMYK to RGB. Adobe's files store 255 − ink.
Image rgb_of_cmyk(const Image& cmyk) {
  Image rgb(cmyk.width, cmyk.height, 3);
  const std::size_t count = std::size_t(cmyk.width) * std::size_t(cmyk.height);
  for (std::size_t i = 0; i < count; ++i) {
    const int white = cmyk.pixels[4 * i + 3];
    for (std::size_t c = 0; c < 3; ++c) {
      const int value = white - product(255 - cmyk.pixels[4 * i + c], white);
      rgb.pixels[3 * i + c] = static_cast<std::uint8_t>(value < 0 ? 0 : value);
    }
  }
  return rgb;
}

}  // namespace

Decoded decode_jpeg(std::span<const std::byte> file, std::int64_t most_pixels, std::string_view where) {
  Reader reader(file);
  if (!reader.read_header()) bad_input("{}: not a readable JPEG file: {}", where, reader.message());
  const jpeg_decompress_struct& info = reader.info();
  check_size(info.image_width, info.image_height, most_pixels, where);
  Decoded decoded;
  decoded.orientation = orientation_of(metadata_of(info));
  const int channels = info.num_components == 1 || info.num_components == 4 ? info.num_components : 3;
  decoded.image = Image(static_cast<int>(info.image_width), static_cast<int>(info.image_height), channels);
  if (!reader.read_pixels(decoded.image.pixels.data(), std::size_t(decoded.image.width) * std::size_t(channels)))
    bad_input("{}: the JPEG file is corrupt or cut off: {}", where, reader.message());
  if (channels == 4) decoded.image = rgb_of_cmyk(decoded.image);
  return decoded;
}

}  // namespace hies::image
