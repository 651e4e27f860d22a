#include <algorithm>

#include "hies/formats/test_files.h"

namespace hies::formats {
namespace {

constexpr std::size_t kLarge = 1 << 20;

std::string noise(std::size_t size) {
  std::string bytes(size, 0);
  std::uint32_t state = 1;
  for (char& byte : bytes) byte = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  return bytes;
}

class ContentHash : public FolderTest {
 protected:
  std::string hash_of(const std::vector<TensorSource>& tensors, std::uint64_t max_shard_bytes = 1 << 30) const {
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    write_safetensors(folder, tensors, max_shard_bytes, silent_progress());
    return content_hash(TensorStore::open(folder));
  }
  std::string hash_of(const std::string& bytes, const std::string& name = "a", DType dtype = DType::uint8,
                      std::vector<std::int64_t> shape = {}) const {
    if (shape.empty()) shape = {static_cast<std::int64_t>(bytes.size() / element_bytes(dtype))};
    return hash_of({source(name, dtype, shape, bytes), source("z", DType::uint8, {1}, "z")});
  }
};

TEST_F(ContentHash, IsTheSameForAnySharding) {
  std::vector<TensorSource> tensors;
  tensors.reserve(9);
  for (int i = 0; i < 9; ++i)
    tensors.push_back(source(fmt::format("t{}", i), DType::uint8, {1000}, noise(1000), static_cast<std::size_t>(i / 5)));
  const std::string grouped = hash_of(tensors);
  EXPECT_EQ(TensorStore::open(folder).files().size(), 2U);
  for (TensorSource& tensor : tensors) tensor.group = 0;
  EXPECT_EQ(hash_of(tensors, 1), grouped);
  EXPECT_EQ(TensorStore::open(folder).files().size(), 9U);
  std::reverse(tensors.begin(), tensors.end());
  EXPECT_EQ(hash_of(tensors), grouped);
  EXPECT_EQ(TensorStore::open(folder).files().size(), 1U);
  EXPECT_EQ(grouped.size(), 32U);
}

TEST_F(ContentHash, SeesEachByteOfTheThreeParts) {
  const std::string bytes = noise(kLarge);
  const std::string hash = hash_of(bytes);
  EXPECT_EQ(hash_of(bytes), hash);
  const std::size_t part = 64 * 1024;
  const std::size_t middle = (kLarge - part) / 2;
  for (const std::size_t at : {std::size_t{0}, part - 1, middle, middle + part - 1, kLarge - part, kLarge - 1}) {
    std::string other = bytes;
    other[at] ^= 1;
    EXPECT_NE(hash_of(other), hash) << at;
  }
  for (const std::size_t at : {part, middle - 1, middle + part, kLarge - part - 1}) {  // by design: quick for any size
    std::string other = bytes;
    other[at] ^= 1;
    EXPECT_EQ(hash_of(other), hash) << at;
  }
}

TEST_F(ContentHash, SeesEveryByteOfASmallTensor) {
  const std::string bytes = noise(3 * 64 * 1024);
  const std::string hash = hash_of(bytes);
  for (std::size_t at = 0; at < bytes.size(); at += 4099) {
    std::string other = bytes;
    other[at] ^= 1;
    EXPECT_NE(hash_of(other), hash) << at;
  }
}

TEST_F(ContentHash, SeesNameDtypeAndShape) {
  const std::string bytes = noise(24);
  const std::string hash = hash_of(bytes);
  EXPECT_NE(hash_of(bytes, "b"), hash);
  EXPECT_NE(hash_of(bytes, "a", DType::int8), hash);
  EXPECT_NE(hash_of(bytes, "a", DType::uint8, {4, 6}), hash);
  EXPECT_NE(hash_of(bytes, "a", DType::uint8, {4, 6}), hash_of(bytes, "a", DType::uint8, {6, 4}));
  EXPECT_NE(hash_of(bytes, "a", DType::uint8, {24, 1}), hash);
  EXPECT_NE(hash_of(bytes, "a", DType::float16), hash_of(bytes, "a", DType::bfloat16));
}

}  // namespace
}  // namespace hies::formats
