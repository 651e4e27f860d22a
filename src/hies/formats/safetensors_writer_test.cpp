#include "hies/formats/safetensors_writer.h"

#include <sys/resource.h>
#include <csignal>

#include <nlohmann/json.hpp>

#include "hies/formats/test_files.h"

namespace hies::formats {
namespace {

using Plain = nlohmann::ordered_json;

std::vector<std::string> names_in(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

// Checks the rules of the format without the reader (length, padding, '{' first, tensors without gaps, alignment). Returns the
// header.
Plain checked_header(const std::filesystem::path& path) {
  const std::string bytes = read_file(path);
  std::uint64_t length = 0;
  for (int i = 7; i >= 0; --i) length = length * 256 + static_cast<unsigned char>(bytes.at(static_cast<std::size_t>(i)));
  EXPECT_EQ(length % 8, 0U);
  const std::string text = bytes.substr(8, length);
  EXPECT_EQ(text.front(), '{');
  EXPECT_EQ(text.substr(text.find_last_of('}') + 1).find_first_not_of(' '), std::string::npos);
  Plain header = Plain::parse(text);
  EXPECT_EQ(header.begin().key(), "__metadata__");
  EXPECT_EQ(header["__metadata__"], Plain({{"format", "pt"}}));
  std::uint64_t reached = 0;
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") continue;
    EXPECT_EQ(entry["data_offsets"][0], reached) << name;
    EXPECT_EQ((8 + length + reached) % element_bytes(*dtype_from_stored_name(entry["dtype"].get<std::string>())), 0U) << name;
    reached = entry["data_offsets"][1];
  }
  EXPECT_EQ(8 + length + reached, bytes.size());
  return header;
}

class WriterTest : public FolderTest {
 protected:
  void write(const std::vector<TensorSource>& tensors, std::uint64_t max_shard_bytes = 1 << 30) const {
    write_safetensors(folder, tensors, max_shard_bytes, silent_progress());
  }
};

TEST_F(WriterTest, RoundTrip) {
  const std::vector<TensorSource> tensors = {
      source("ids", DType::uint8, {3}, "abc"),          source("w \"ü\"\n", DType::float32, {2, 2}, "0123456789abcdef", 0, 3),
      source("scalar", DType::float64, {}, "01234567"), source("none", DType::float16, {0, 4}, ""),
      source("half", DType::float16, {1, 2}, "wxyz"),
  };
  write(tensors);
  EXPECT_EQ(names_in(folder), std::vector<std::string>{"model.safetensors"});
  const Plain header = checked_header(folder / "model.safetensors");
  EXPECT_EQ(header["scalar"], Plain({{"dtype", "F64"}, {"shape", Plain::array()}, {"data_offsets", {0, 8}}}));
  EXPECT_EQ(header["none"]["shape"], Plain({0, 4}));
  const TensorStore store = TensorStore::open(folder);
  ASSERT_EQ(store.tensors().size(), tensors.size());
  for (const TensorSource& tensor : tensors) {
    const TensorView* view = store.find(tensor.name);
    ASSERT_NE(view, nullptr) << tensor.name;
    EXPECT_EQ(view->dtype, tensor.dtype);
    EXPECT_EQ(view->shape, tensor.shape);
    std::string bytes;
    tensor.write([&](std::span<const std::byte> piece) { bytes += text_of(piece); });
    EXPECT_EQ(text_of(view->bytes), bytes);
  }
}

TEST_F(WriterTest, NoTensors) {
  write({});
  checked_header(folder / "model.safetensors");
  EXPECT_TRUE(TensorStore::open(folder).tensors().empty());
}

TEST_F(WriterTest, ShardsInOrderWithAnIndex) {
  std::vector<TensorSource> tensors;
  for (const auto& [name, bytes] :
       std::vector<std::pair<std::string, std::int64_t>>{{"c", 40}, {"b", 60}, {"a", 1}, {"huge", 250}, {"d", 99}})
    tensors.push_back(source(name, DType::uint8, {bytes}, std::string(static_cast<std::size_t>(bytes), name[0])));
  write(tensors, 100);
  const std::vector<std::string> shards = {"model-00001-of-00004.safetensors", "model-00002-of-00004.safetensors",
                                           "model-00003-of-00004.safetensors", "model-00004-of-00004.safetensors"};
  std::vector<std::string> expected = shards;
  expected.emplace_back("model.safetensors.index.json");
  EXPECT_EQ(names_in(folder), expected);
  const std::string text = read_file(folder / "model.safetensors.index.json");
  EXPECT_EQ(text.back(), '\n');
  EXPECT_EQ(
      Plain::parse(text),
      Plain({{"metadata", {{"total_size", 450}}},
             {"weight_map", {{"a", shards[1]}, {"b", shards[0]}, {"c", shards[0]}, {"d", shards[3]}, {"huge", shards[2]}}}}));
  EXPECT_TRUE(checked_header(folder / shards[0]).contains("b"));
  for (const std::string& shard : shards) checked_header(folder / shard);
  EXPECT_EQ(TensorStore::open(folder).files().size(), 4U);
}

TEST_F(WriterTest, OneFileAtExactlyTheLimit) {
  write({source("a", DType::uint8, {60}, std::string(60, 'a')), source("b", DType::uint8, {40}, std::string(40, 'b'))}, 100);
  EXPECT_EQ(names_in(folder), std::vector<std::string>{"model.safetensors"});
}

TEST_F(WriterTest, GroupsKeepApart) {
  write({source("a", DType::uint8, {1}, "a", 1), source("b", DType::uint8, {1}, "b", 0), source("c", DType::uint8, {1}, "c", 1)});
  const TensorStore store = TensorStore::open(folder);
  EXPECT_EQ(store.files().size(), 2U);
  EXPECT_EQ(store.find("b")->file, 0U);
  EXPECT_EQ(store.find("a")->file, 1U);
  EXPECT_EQ(store.find("c")->file, 1U);
}

TEST_F(WriterTest, ASourceThatBreaksItsWord) {
  for (const auto& bytes : {"abc", "abcde"})
    expect_error(error_of([&] { write({source("w", DType::uint8, {4}, bytes, 0, 2)}); }), ErrorKind::internal,
                 {"tensor w", "4 bytes"});
  EXPECT_TRUE(names_in(folder).empty());
}

class Counter : public Progress {
 public:
  std::int64_t total = 0, done = 0, calls = 0;
  void begin(std::string_view, std::int64_t all, std::string_view unit) override {
    total = all;
    EXPECT_EQ(unit, "bytes");
  }

 protected:
  void advanced(std::int64_t more) override {
    done += more;
    ++calls;
  }
};

TEST_F(WriterTest, ReportsEveryByteAndCanBeStopped) {
  const std::int64_t size = 20 << 20;
  const TensorSource large = source("w", DType::uint8, {size}, std::string(size, 'w'), 0, size);
  Counter counter;
  write_safetensors(folder, std::span(&large, 1), 1 << 30, counter);
  EXPECT_EQ(counter.total, static_cast<std::int64_t>(std::filesystem::file_size(folder / "model.safetensors")));
  EXPECT_EQ(counter.done, counter.total);
  EXPECT_GE(counter.calls, 3);
  std::filesystem::remove(folder / "model.safetensors");
  Progress::cancelled() = true;
  EXPECT_EQ(error_of([&] { write_safetensors(folder, std::span(&large, 1), 1 << 30, counter); }).kind(), ErrorKind::interrupted);
  Progress::cancelled() = false;
  EXPECT_TRUE(names_in(folder).empty());
}

// A limit on the file size makes write() fail like a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
  void (*handler_)(int) = nullptr;
};

TEST_F(WriterTest, AFailedWriteIsIoAndLeavesNothing) {
  for (const std::int64_t size : {100'000, 3'000'000}) {
    const FileSizeLimit limit(50'000);
    expect_error(error_of([&] { write({source("w", DType::uint8, {size}, std::string(static_cast<std::size_t>(size), 'w'))}); }),
                 ErrorKind::io, {"cannot write", "model.safetensors"});
  }
  EXPECT_TRUE(names_in(folder).empty());
}

TEST(ByteSize, AsTransformersCounts) {
  const auto size = [](std::string_view text) { return parse_byte_size(text, "`max_shard_size`"); };
  EXPECT_EQ(size("200KB"), 200'000U);
  EXPECT_EQ(size("500MB"), 500'000'000U);
  EXPECT_EQ(size("5GB"), 5'000'000'000U);
  EXPECT_EQ(size("2TB"), 2'000'000'000'000U);
  EXPECT_EQ(size("5gb"), 5'000'000'000U);
  EXPECT_EQ(size("3KiB"), 3072U);
  EXPECT_EQ(size("1MiB"), 1U << 20);
  EXPECT_EQ(size("2GIB"), std::uint64_t{2} << 30);
  EXPECT_EQ(size("1TiB"), std::uint64_t{1} << 40);
  for (const char* text :
       {"", "GB", "0", "0GB", "-5GB", "5XB", "5 GB", "1.5GB", "5GBs", "99999999999999999999", "99999999999TB", "five", "5", "7B"})
    expect_error(error_of([&] { size(text); }), ErrorKind::bad_input, {"`max_shard_size`", fmt::format("'{}'", text)});
}

}  // namespace
}  // namespace hies::formats
