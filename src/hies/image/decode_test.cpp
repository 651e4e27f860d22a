// Compares decoded files of every kind with Pillow.

#include "hies/base/test_files.h"
#include "hies/image/test_golden.h"

namespace hies::image {
namespace {

class EveryFile : public testing::TestWithParam<std::string> {
 protected:
  const Json& wanted = golden()["decoded"][GetParam()];
};

std::vector<std::string> file_names() {
  std::vector<std::string> names;
  for (const auto& [name, values] : golden()["decoded"].items()) names.push_back(name);
  return names;
}

TEST_P(EveryFile, ColoursArePillows) {
  const Image image = read(GetParam());
  EXPECT_EQ(image.width, wanted["width"].get<int>());
  EXPECT_EQ(image.height, wanted["height"].get<int>());
  EXPECT_EQ(image.pixels, numbers<std::uint8_t>(wanted["rgb"]));
}

TEST_P(EveryFile, GreyIsPillows) { EXPECT_EQ(read(GetParam(), 1).pixels, numbers<std::uint8_t>(wanted["grey"])); }

// A truncated file is an error that names the file, and never a crash.
TEST_P(EveryFile, CutOffIsAnError) {
  const std::string file = read_file(kGoldens + "files/" + GetParam());
  const bool jpeg = GetParam().ends_with(".jpg");
  // The last bytes of a JPEG are only its end marker, and those of a PNG checksums.
  const std::size_t last = file.size() - (jpeg ? 4 : 16);
  for (std::size_t size = 0; size < last; size += 1 + size / 40) {
    const auto cut = std::as_bytes(std::span(file).first(size));
    const Error error = error_of([&] { decode(cut, 3, kMostPixels, "x.jpg"); });
    EXPECT_EQ(error.kind(), ErrorKind::bad_input) << size;
    EXPECT_EQ(std::string(error.what()).rfind("x.jpg: ", 0), 0u) << error.what();
  }
}

// A file with a changed byte gives an image or an error.
TEST_P(EveryFile, DamageIsNoCrash) {
  const std::string file = read_file(kGoldens + "files/" + GetParam());
  for (std::size_t at = 0; at < file.size(); at += 1 + file.size() / 150) {
    std::string damaged = file;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
    try {
      decode(std::as_bytes(std::span(damaged)), 3, 1 << 22, "x.png");
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::bad_input) << error.what();
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, EveryFile, testing::ValuesIn(file_names()), [](const auto& info) {
  std::string name = info.param;
  for (char& c : name)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  return name;
});

Error error_of_text(std::string_view text) {
  return error_of([&] { decode(std::as_bytes(std::span(text)), 3, kMostPixels, "a.jpg"); });
}

TEST(Decode, SaysWhatAFileIsInstead) {
  EXPECT_STREQ(error_of_text("hello\nworld").what(), "a.jpg: not a JPEG or PNG file: it begins with 'hello\\nworld'");
  EXPECT_STREQ(error_of_text("").what(), "a.jpg: not a JPEG or PNG file: it is empty");
  EXPECT_STREQ(error_of_text("GIF89a....").what(), "a.jpg: not a JPEG or PNG file: it is GIF");
}

// A header alone can claim 20,000 × 20,000 pixels.
TEST(Decode, BombsAreRefused) {
  std::string file = read_file(kGoldens + "files/rgb.png");
  const unsigned char bomb[] = {0, 0, 0x4E, 0x20, 0, 0, 0x4E, 0x20};
  std::memcpy(file.data() + 16, bomb, sizeof bomb);
  const unsigned char checksum[] = {0x6C, 0x12, 0xD1, 0x6E};  // of the new header
  std::memcpy(file.data() + 29, checksum, sizeof checksum);
  const Error error = error_of([&] { decode(std::as_bytes(std::span(file)), 3, kMostPixels, "b.png"); });
  EXPECT_STREQ(error.what(), "b.png: the image has 20000×20000 pixels, but at most 178956970 are decoded");
  EXPECT_NE(error.hint().find("`most_pixels`"), std::string::npos);
  const std::string jpeg = read_file(kGoldens + "files/rgb.jpg");
  EXPECT_EQ(error_of([&] { decode(std::as_bytes(std::span(jpeg)), 3, 335, "b.jpg"); }).kind(), ErrorKind::bad_input);
  EXPECT_NO_THROW(decode(std::as_bytes(std::span(jpeg)), 3, 336, "b.jpg"));  // 21 × 16
}

// Each scan of a progressive file goes over all pixels, and takes a few bytes.
TEST(Decode, EndlessScansAreRefused) {
  const std::string file = read_file(kGoldens + "files/progressive.jpg");
  const std::size_t first = file.find("\xFF\xDA"), end = file.find("\xFF\xC4", first);  // the scan, and the tables of the next
  ASSERT_NE(end, std::string::npos);
  const auto with = [&](int scans) {
    std::string longer = file.substr(0, end);
    for (int i = 0; i < scans; ++i) longer += file.substr(first, end - first);
    longer += file.substr(end);
    return decode(std::as_bytes(std::span(longer)), 3, kMostPixels, "p.jpg");
  };
  EXPECT_EQ(with(0).pixels, read("progressive.jpg").pixels);
  EXPECT_NO_THROW(with(100));
  EXPECT_STREQ(error_of([&] { with(600); }).what(), "p.jpg: the JPEG file is corrupt or cut off: more than 500 scans");
}

}  // namespace
}  // namespace hies::image
