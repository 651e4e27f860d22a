#include <array>

#include "hies/base/rng.h"
#include "hies/formats/float_conversion.h"
#include "hies/formats/test_files.h"

namespace hies::formats {
namespace {

// A randomly damaged checkpoint either opens and is consistent, or is refused with an Error. With the address sanitizer the test
// also shows that nothing is read outside the files.
class Mutation : public FolderTest {
 protected:
  Rng rng{7};

  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(rng.below(bound)); }

  static std::vector<TensorSource> tensors() {
    return {source("encoder.a.weight", DType::float16, {30, 4}, std::string(240, '\x3c')),
            source("encoder.a.bias", DType::float32, {3}, std::string(12, '\x3c')), source("empty", DType::float32, {0, 4}, ""),
            source("ids", DType::int64, {1, 2}, std::string(16, '\x01'), 1),
            source("encoder.b.weight", DType::bfloat16, {2, 50, 2}, std::string(400, '\x3c'), 1)};
  }

  std::string number() {
    constexpr std::array kNumbers = {
        "0",    "1",    "-1", "3",  "24",  "1e3", "2.5", "9223372036854775807", "18446744073709551615", "99999999999999999999",
        "null", "\"\"", "[]", "{}", "true"};
    return kNumbers[below(kNumbers.size())];
  }

  void damage(std::string& bytes) {
    if (bytes.empty()) bytes = "x";
    const std::size_t at = below(bytes.size());
    switch (below(8)) {
      case 0: bytes[at] = static_cast<char>(rng.next()); break;
      case 1: bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8))); break;
      case 2: bytes.resize(at); break;
      case 3: bytes.insert(at, std::string(1 + below(20), static_cast<char>(rng.next()))); break;
      case 4: bytes.erase(at, 1 + below(20)); break;
      case 5: bytes.replace(0, 8, length_bytes(rng.next() >> below(64))); break;
      case 6: bytes.insert(at, bytes.substr(below(bytes.size()), 1 + below(60))); break;
      default: {  // replaces a number, and corrects the length of the header
        const auto digit = bytes.find_first_of("0123456789", std::min<std::size_t>(8 + below(300), bytes.size() - 1));
        if (digit == std::string::npos) break;
        const auto end = bytes.find_first_not_of("0123456789", digit);
        const std::size_t before = bytes.size();
        bytes.replace(digit, (end == std::string::npos ? bytes.size() : end) - digit, number());
        std::uint64_t length = 0;
        if (bytes.size() < 8 || bytes[0] == '{') break;  // the index has no length
        std::memcpy(&length, bytes.data(), 8);
        bytes.replace(0, 8, length_bytes(length + bytes.size() - before));
      }
    }
  }

  void expect_consistent(const TensorStore& store) const {
    std::string last;
    for (const TensorView& tensor : store.tensors()) {
      EXPECT_TRUE(&tensor == &store.tensors().front() || last < tensor.name);
      last = tensor.name;
      EXPECT_EQ(store.find(tensor.name), &tensor);
      ASSERT_LT(tensor.file, store.files().size());
      const auto whole = tensor.mapping->bytes();
      EXPECT_EQ(tensor.mapping->path(), store.files()[tensor.file]);
      EXPECT_GE(tensor.bytes.data(), whole.data());
      EXPECT_LE(tensor.bytes.data() + tensor.bytes.size(), whole.data() + whole.size());
      EXPECT_EQ(tensor.bytes.size(), static_cast<std::size_t>(tensor.elements()) * element_bytes(tensor.dtype));
      try {
        check_finite(tensor);
        if (is_floating(tensor.dtype)) {
          EXPECT_EQ(to_double(tensor).size(), static_cast<std::size_t>(tensor.elements()));
        }
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::bad_input);
      }
    }
    EXPECT_EQ(content_hash(store).size(), 32U);
  }
};

TEST_F(Mutation, OpensConsistentlyOrIsRefused) {
  write_safetensors(folder, tensors(), 1 << 20, silent_progress());
  int opened = 0;
  int refused = 0;
  for (int round = 0; round < 300; ++round) {
    constexpr std::array kFiles = {"model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors",
                                   "model.safetensors.index.json"};
    const std::filesystem::path path = folder / kFiles[below(kFiles.size())];
    const std::string sound = read_file(path);
    std::string bytes = sound;
    for (std::size_t i = 0, count = 1 + below(2); i < count; ++i) damage(bytes);
    put(path.filename().string(), bytes);
    try {
      expect_consistent(TensorStore::open(folder));
      ++opened;
    } catch (const Error& error) {
      ++refused;
      EXPECT_TRUE(error.kind() == ErrorKind::bad_input || error.kind() == ErrorKind::io || error.kind() == ErrorKind::unsupported)
          << error.what();
      EXPECT_EQ(std::string_view(error.what()).find('\n'), std::string_view::npos) << error.what();
      EXPECT_NE(std::string_view(error.what()).find(folder.string()), std::string_view::npos) << error.what();
    }
    put(path.filename().string(), sound);
  }
  // If only values are damaged, the checkpoint opens; damaged descriptions are mostly detected.
  EXPECT_GT(opened, 10);
  EXPECT_GT(refused, 100);
}

}  // namespace
}  // namespace hies::formats
