
#include "hies/formats/test_files.h"

namespace hies::formats {
namespace {

class TensorStoreTest : public FolderTest {
 protected:
  // Returns the error of opening model.safetensors with these bytes.
  Error error_with(std::string_view bytes) const {
    put("model.safetensors", bytes);
    return error_of([&] { TensorStore::open(folder); });
  }
  void expect_bad(std::string_view bytes, std::initializer_list<std::string_view> parts) const {
    expect_error(error_with(bytes), ErrorKind::bad_input, parts);
  }
};

TEST_F(TensorStoreTest, ReadsNamesShapesAndBytes) {
  put("model.safetensors", file_of(R"({"__metadata__":{"format":"pt"},"b":{"dtype":"F32","shape":[2,1],"data_offsets":[2,10]},)"
                                   R"("a":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]}}  )",
                                   "0123456789"));
  const TensorStore store = TensorStore::open(folder);
  ASSERT_EQ(store.tensors().size(), 2U);
  EXPECT_EQ(store.tensors()[0].name, "a");
  EXPECT_EQ(store.tensors()[0].dtype, DType::bfloat16);
  EXPECT_EQ(text_of(store.tensors()[0].bytes), "01");
  const TensorView* b = store.find("b");  // not aligned to its 4 bytes, which is allowed
  ASSERT_NE(b, nullptr);
  EXPECT_EQ(b->shape, (std::vector<std::int64_t>{2, 1}));
  EXPECT_EQ(b->elements(), 2);
  EXPECT_EQ(text_of(b->bytes), "23456789");
  EXPECT_EQ(store.find("c"), nullptr);
  EXPECT_EQ(store.find("aa"), nullptr);
  ASSERT_EQ(store.files().size(), 1U);
  EXPECT_EQ(store.files()[0], folder / "model.safetensors");
}

TEST_F(TensorStoreTest, ViewsOutliveAMoveOfTheStore) {
  put("model.safetensors", file_of(R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}})", "xyz"));
  TensorStore first = TensorStore::open(folder);
  const TensorStore second = std::move(first);
  EXPECT_EQ(text_of(second.find("a")->bytes), "xyz");
  EXPECT_EQ(second.find("a")->mapping->path(), folder / "model.safetensors");
}

TEST_F(TensorStoreTest, ScalarsAndEmptyTensors) {
  put("model.safetensors", file_of(R"({"none":{"dtype":"F32","shape":[0,7],"data_offsets":[8,8]},)"
                                   R"("last":{"dtype":"F32","shape":[7,0],"data_offsets":[12,12]},)"
                                   R"("scalar":{"dtype":"F64","shape":[],"data_offsets":[0,8]},)"
                                   R"("x":{"dtype":"I32","shape":[1],"data_offsets":[8,12]}})",
                                   "0123456789ab"));
  const TensorStore store = TensorStore::open(folder);
  EXPECT_EQ(store.find("scalar")->elements(), 1);
  EXPECT_EQ(store.find("none")->elements(), 0);
  EXPECT_TRUE(store.find("last")->bytes.empty());
  put("model.safetensors", file_of("{}", ""));
  EXPECT_TRUE(TensorStore::open(folder).tensors().empty());
}

TEST_F(TensorStoreTest, EveryDtypeByItsName) {
  for (const auto& [name, bytes] : std::vector<std::pair<std::string, std::size_t>>{{"BOOL", 1},
                                                                                    {"U8", 1},
                                                                                    {"I8", 1},
                                                                                    {"U16", 2},
                                                                                    {"I16", 2},
                                                                                    {"U32", 4},
                                                                                    {"I32", 4},
                                                                                    {"U64", 8},
                                                                                    {"I64", 8},
                                                                                    {"F8_E4M3", 1},
                                                                                    {"F8_E5M2", 1},
                                                                                    {"F16", 2},
                                                                                    {"BF16", 2},
                                                                                    {"F32", 4},
                                                                                    {"F64", 8}}) {
    put("model.safetensors",
        file_of(fmt::format(R"({{"a":{{"dtype":"{}","shape":[3],"data_offsets":[0,{}]}}}})", name, 3 * bytes),
                std::string(3 * bytes, 'x')));
    const TensorStore store = TensorStore::open(folder);
    const DType dtype = store.tensors()[0].dtype;
    EXPECT_EQ(stored_name(dtype), name);
    EXPECT_EQ(element_bytes(dtype), bytes);
    EXPECT_EQ(is_floating(dtype), name == "F16" || name == "BF16" || name == "F32" || name == "F64");
    EXPECT_FALSE(display_name(dtype).empty());
  }
}

TEST_F(TensorStoreTest, TruncatedAndAbsurdLengths) {
  const std::string whole = file_of(R"({"a":{"dtype":"F16","shape":[4],"data_offsets":[0,8]}})", "01234567");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const Error error = error_with(whole.substr(0, size));
    EXPECT_EQ(error.kind(), ErrorKind::bad_input) << size;
    EXPECT_NE(std::string(error.what()).find("model.safetensors"), std::string::npos);
  }
  expect_bad("", {"truncated", "0 bytes"});
  expect_bad("1234567", {"truncated", "7 bytes"});
  expect_bad(whole.substr(0, whole.size() - 1), {"tensor 'a'", "[0, 8]", "7 data bytes"});
  expect_bad(length_bytes(std::uint64_t{1} << 63) + "{}", {"9223372036854775808", "absurd"});
  expect_bad(length_bytes(~std::uint64_t{0}) + "{}", {"18446744073709551615"});
  expect_bad(length_bytes(100'000'001) + "{}", {"100000001", "absurd"});
  expect_bad(length_bytes(100'000'000) + "{}", {"truncated", "100000000"});
  expect_bad(length_bytes(3) + "{}", {"truncated", "3 bytes"});
}

TEST_F(TensorStoreTest, BrokenHeaders) {
  expect_bad(file_of("", ""), {"not valid JSON"});
  expect_bad(file_of("{\"a\":", ""), {"not valid JSON", "model.safetensors"});
  const std::string deep(1'000'000, '[');
  expect_bad(file_of(R"({"a":{"dtype":"F16","shape":)" + deep, ""), {"inside one another", "model.safetensors"});
  expect_bad(file_of("\xff\xfe{}", ""), {"not valid JSON"});
  expect_bad(file_of("[1]", ""), {"array"});
  expect_bad(file_of("null", ""), {"null"});
  expect_bad(file_of(R"({"a":3})", ""), {"tensor 'a'", "3"});
  expect_bad(file_of(R"({"__metadata__":3})", ""), {"__metadata__"});
  expect_bad(file_of(std::string(100000, '[') + std::string(100000, ']'), ""), {"inside one another"});
  expect_bad(file_of(R"({"a":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}})", "0123"), {"tensor 'a'", "F31"});
  expect_bad(file_of(R"({"a":{"dtype":7,"shape":[1],"data_offsets":[0,4]}})", "0123"), {"dtype", "7"});
  expect_bad(file_of(R"({"a":{"shape":[1],"data_offsets":[0,4]}})", "0123"), {"dtype is missing"});
  expect_bad(file_of(R"({"a":{"dtype":"F32","data_offsets":[0,4]}})", "0123"), {"shape is missing"});
  expect_bad(file_of(R"({"a":{"dtype":"F32","shape":[1]}})", "0123"), {"data_offsets is missing"});
  expect_error(error_with(file_of(R"({"a":{"dtype":"F4","shape":[2],"data_offsets":[0,1]}})", "0")), ErrorKind::unsupported,
               {"F4"});
}

TEST_F(TensorStoreTest, ATensorTwice) {
  expect_bad(
      file_of(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
              "01"),
      {"'a' twice"});
  // A key that is in two entries is not a tensor twice.
  put("model.safetensors",
      file_of(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"dtype":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
              "01"));
  EXPECT_EQ(TensorStore::open(folder).tensors().size(), 2U);
}

TEST_F(TensorStoreTest, ShapesThatCannotBe) {
  const auto with = [&](std::string_view shape) {
    return file_of(fmt::format(R"({{"a":{{"dtype":"F32","shape":{},"data_offsets":[0,8]}}}})", shape), "01234567");
  };
  expect_bad(with("[1]"), {"tensor 'a'", "[0, 8]", "[1]", "float32", "needs 4"});
  expect_bad(with("[2,2]"), {"needs 16"});
  expect_bad(with("[0]"), {"needs 0"});
  expect_bad(with("[-2,-1]"), {"-2"});
  expect_bad(with("[2.0]"), {"2.0"});
  expect_bad(with("[\"2\"]"), {"2"});
  expect_bad(with("2"), {"list of sizes"});
  expect_bad(with("[[2]]"), {"[2]"});
  expect_bad(with("[4611686018427387904,8]"), {"too large"});  // × 4 bytes: 2^67, which a wrapping product takes for 0
  expect_bad(with("[4294967296,4294967296,2]"), {"too large"});
  expect_bad(with("[9223372036854775808]"), {"9223372036854775808"});
  expect_bad(with("[99999999999999999999999]"), {"size"});
}

TEST_F(TensorStoreTest, OffsetsThatDoNotTileTheData) {
  const auto two = [&](std::string_view first, std::string_view second) {
    return file_of(
        fmt::format(
            R"({{"a":{{"dtype":"U8","shape":[4],"data_offsets":{}}},"b":{{"dtype":"U8","shape":[4],"data_offsets":{}}}}})", first,
            second),
        "0123456789");
  };
  expect_bad(two("[0,4]", "[2,6]"), {"'a' and 'b' overlap", "2"});
  expect_bad(two("[0,4]", "[0,4]"), {"overlap"});
  expect_bad(two("[0,4]", "[6,10]"), {"4 to 6", "'b'"});
  expect_bad(two("[2,6]", "[6,10]"), {"0 to 2", "'a'"});
  expect_bad(two("[0,4]", "[4,8]"), {"8 to 10"});
  expect_bad(two("[0,4]", "[8,12]"), {"tensor 'b'", "[8, 12]", "10 data bytes"});
  expect_bad(two("[4,0]", "[4,8]"), {"tensor 'a'", "[4, 0]"});
  expect_bad(two("[0,4]", "[18446744073709551612,18446744073709551615]"), {"tensor 'b'"});
  expect_bad(two("[0,4]", "[-4,0]"), {"data_offsets", "-4"});
  expect_bad(two("[0,4]", "[4.0,8]"), {"data_offsets"});
  expect_bad(two("[0,4]", "[4]"), {"data_offsets"});
  expect_bad(two("[0,4]", "8"), {"data_offsets"});
  // An empty tensor in the middle of another one.
  expect_bad(
      file_of(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[0],"data_offsets":[2,2]}})",
              "0123"),
      {"overlap"});
}

TEST_F(TensorStoreTest, NoWeights) {
  EXPECT_FALSE(TensorStore::is_in(folder));
  put("pytorch_model.bin", "x");
  expect_error(error_of([&] { TensorStore::open(folder); }), ErrorKind::bad_input, {"no weights"});
  expect_error(error_of([&] { TensorStore::open(folder / "nowhere"); }), ErrorKind::io, {"nowhere"});
}

TEST_F(TensorStoreTest, AGitLfsPointer) {
  constexpr std::string_view kPointer =
      "version https://git-lfs.github.com/spec/v1\noid "
      "sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n";
  put("model.safetensors", kPointer);
  EXPECT_TRUE(TensorStore::is_in(folder));
  const Error error = error_of([&] { TensorStore::open(folder); });
  expect_error(error, ErrorKind::bad_input, {"model.safetensors is a Git LFS pointer"});
  EXPECT_NE(error.hint().find("git lfs pull"), std::string::npos);
  std::filesystem::remove(folder / "model.safetensors");
  put("model.safetensors.index.json", kPointer);
  expect_error(error_of([&] { TensorStore::open(folder); }), ErrorKind::bad_input, {"index.json is a Git LFS pointer"});
}

}  // namespace
}  // namespace hies::formats
