// Compares images that name their orientation in every way with what Pillow makes of them.

#include "hies/image/orientation.h"
#include "hies/base/test_files.h"
#include "hies/image/test_golden.h"

namespace hies::image {
namespace {

TEST(Orientation, EveryWayToNameItIsReadLikePillow) {
  const Json cases = read_json(kGoldens + "orientations.json")["files"];
  int turned = 0;
  for (const auto& [name, wanted] : cases.items()) {
    const std::string file = base64(wanted["file"].get<std::string>());
    const Image image = decode(std::as_bytes(std::span(file)), 1, kMostPixels, name);
    EXPECT_EQ(image.width, wanted["width"].get<int>()) << name;
    EXPECT_EQ(image.height, wanted["height"].get<int>()) << name;
    EXPECT_EQ(image.pixels, numbers<std::uint8_t>(wanted["grey"])) << name;
    turned += image.width < image.height ? 1 : 0;
  }
  EXPECT_GT(cases.size(), 140U);
  EXPECT_GT(turned, 60);
}

// Every prefix of Exif data and of a profile is read without reaching outside it.
TEST(Orientation, CutOffDataIsReadToItsEnd) {
  const std::string_view exif("Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0", 32);
  for (std::size_t size = 6; size <= exif.size(); ++size) {
    const std::vector<char> exact(exif.begin(), exif.begin() + static_cast<std::ptrdiff_t>(size));  // a sanitizer sees its end
    const auto wanted = size == 6 ? std::nullopt : size < 14 ? std::optional(1) : size < 28 ? std::nullopt : std::optional(6);
    EXPECT_EQ(exif_orientation({exact.data(), exact.size()}), wanted) << size;
  }
  const std::string_view profile = "\nexif\n26\n4d4d002a00000008000101120003000000010006000000000000";
  EXPECT_EQ(orientation_of({.raw_profile = std::string(profile)}), 6);
  for (std::size_t size = 0; size < profile.size() - 12; ++size)
    EXPECT_EQ(orientation_of({.raw_profile = std::string(profile.substr(0, size))}), 1) << size;
}

// As in Pillow, data that is no TIFF file is Exif data without orientation; a profile that is none, with which Pillow fails, is ignored.
TEST(Orientation, DamagedDataAndXmp) {
  const std::string xmp = R"(tiff:Orientation="8")";
  for (const char* exif : {"Exif", "hello", "II+", "MM"}) EXPECT_EQ(orientation_of({.exif = exif, .xmp = xmp}), 1) << exif;
  EXPECT_EQ(orientation_of({.exif = "", .xmp = xmp}), 8);
  for (const char* profile : {"", "\n\n\nxx", "\n\n\n4", "\n\n\n4d 4"})
    EXPECT_EQ(orientation_of({.raw_profile = profile, .xmp = xmp}), 8);
}

// The pixels of a PNG file do not depend on its other chunks, even if these are damaged or stand for gigabytes.
TEST(Orientation, OtherChunksOfPngDoNoHarm) {
  const std::string plain = read_file(kGoldens + "files/rgb.png");
  const auto with = [&](const std::string& kind, const std::string& data) {
    std::string length(4, '\0');
    for (int i = 0; i < 4; ++i) length[static_cast<std::size_t>(i)] = static_cast<char>(data.size() >> (24 - 8 * i));
    std::string file = plain;
    file.insert(33, length + kind + data + "sum?");  // after the header
    return decode(std::as_bytes(std::span(file)), 3, kMostPixels, kind).pixels;
  };
  const std::vector<std::uint8_t> pixels = read("rgb.png").pixels;
  for (const char* kind : {"eXIf", "tEXt", "zTXt", "iTXt", "iCCP", "tRNS", "gAMA", "abCd"})
    for (const std::string& data : {std::string(), std::string(3, '\0'), std::string("XML:com.adobe.xmp\0\0x", 20)})
      EXPECT_EQ(with(kind, data), pixels) << kind;
}

}  // namespace
}  // namespace hies::image
