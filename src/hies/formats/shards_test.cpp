// Weights in several files, and the index that says which tensor is where.

#include "hies/formats/test_files.h"

namespace hies::formats {
namespace {

class ShardsTest : public FolderTest {
 protected:
  void SetUp() override {
    put("model-00001-of-00002.safetensors", file_of(R"({"b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", "1"));
    put("model-00002-of-00002.safetensors", file_of(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", "2"));
  }
  Error error_with_index(std::string_view text) const {
    put("model.safetensors.index.json", text);
    return error_of([&] { TensorStore::open(folder); });
  }
  static std::string index(std::string_view a, std::string_view b) {
    return fmt::format(R"({{"metadata":{{"total_size":2}},"weight_map":{{"a":"{}","b":"{}"}}}})", a, b);
  }
  static constexpr const char* kFirst = "model-00001-of-00002.safetensors";
  static constexpr const char* kSecond = "model-00002-of-00002.safetensors";
};

TEST_F(ShardsTest, AreOneStoreInOrderOfName) {
  put("model.safetensors.index.json", index(kSecond, kFirst));
  const TensorStore store = TensorStore::open(folder);
  ASSERT_EQ(store.tensors().size(), 2U);
  EXPECT_EQ(text_of(store.tensors()[0].bytes), "2");
  EXPECT_EQ(store.tensors()[0].file, 1U);
  EXPECT_EQ(store.tensors()[1].mapping->path(), folder / kFirst);
  EXPECT_EQ(store.files(), (std::vector<std::filesystem::path>{folder / kFirst, folder / kSecond}));
}

TEST_F(ShardsTest, ASingleFileComesFirst) {
  put("model.safetensors.index.json", index(kSecond, kFirst));
  put("model.safetensors", file_of(R"({"c":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", "3"));
  const TensorStore store = TensorStore::open(folder);
  EXPECT_EQ(store.tensors().front().name, "c");
  ASSERT_EQ(store.warnings().size(), 1U);
  EXPECT_NE(store.warnings()[0].find("both model.safetensors and model.safetensors.index.json"), std::string::npos);
}

TEST_F(ShardsTest, MissingShard) {
  std::filesystem::remove(folder / kSecond);
  expect_error(error_with_index(index(kSecond, kFirst)), ErrorKind::io, {"index.json names model-00002-of-00002.safetensors"});
}

// Only who needs a tensor knows whether it matters that it is not there.
TEST_F(ShardsTest, AnIndexThatForgetsAShard) {
  put("model.safetensors.index.json", index(kFirst, kFirst));
  const TensorStore store = TensorStore::open(folder);
  ASSERT_EQ(store.tensors().size(), 1U);
  EXPECT_EQ(store.why_missing("a"), "model.safetensors.index.json places it in model-00001-of-00002.safetensors, which lacks it");
  EXPECT_EQ(store.why_missing("c"), "model.safetensors.index.json names only 1 of 2 files");
}

TEST_F(ShardsTest, ATensorInAnotherShardThanTheIndexSays) {
  put("model.safetensors.index.json", index(kFirst, kSecond));
  const TensorStore store = TensorStore::open(folder);
  ASSERT_EQ(store.tensors().size(), 2U);
  EXPECT_EQ(text_of(store.find("a")->bytes), "2");
  EXPECT_EQ(store.why_missing("c"), "");
  EXPECT_TRUE(store.warnings().empty());
}

// The names of the files may say another number of them than there are.
TEST_F(ShardsTest, MoreFilesThanTheirNamesSay) {
  put("extra.safetensors", file_of(R"({"c":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", "3"));
  put("model.safetensors.index.json",
      fmt::format(R"({{"weight_map":{{"a":"{}","b":"{}","c":"extra.safetensors","rotary.inv_freq":"{}"}}}})", kSecond, kFirst,
                  kFirst));
  EXPECT_EQ(TensorStore::open(folder).tensors().size(), 3U);
}

TEST_F(ShardsTest, TheIndexDecidesBetweenTwoOfOneName) {
  const auto both =
      R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})";
  for (const char* of_first : {"1", "3"}) {
    put(kSecond, file_of(both, std::string("2") + of_first));
    for (const char* listed : {kFirst, kSecond}) {
      put("model.safetensors.index.json",
          fmt::format(R"({{"weight_map":{{"a":"{}","b":"{}","other":"{}"}}}})", kSecond, listed, kFirst));
      const TensorStore store = TensorStore::open(folder);
      ASSERT_EQ(store.tensors().size(), 2U);
      EXPECT_EQ(text_of(store.find("b")->bytes), listed == kFirst ? "1" : of_first);
      EXPECT_EQ(store.find("b")->mapping->path(), folder / listed);
      ASSERT_EQ(store.warnings().size(), of_first == std::string_view("1") ? 0U : 1U);
      for (const std::string& warning : store.warnings())
        for (const char* part : {"'b'", kFirst, kSecond, "as model.safetensors.index.json says"})
          EXPECT_NE(warning.find(part), std::string::npos) << warning;
    }
  }
}

TEST_F(ShardsTest, TwoOfOneNameThatTheIndexDoesNotList) {
  put(kSecond,
      file_of(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
              "23"));
  const std::string only_a = fmt::format(R"({{"weight_map":{{"a":"{}","other":"{}"}}}})", kSecond, kFirst);
  expect_error(error_with_index(only_a), ErrorKind::bad_input, {"'b'", kFirst, kSecond});
  put(kFirst, file_of(R"({"b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", "3"));  // the same content
  EXPECT_EQ(TensorStore::open(folder).tensors().size(), 2U);
}

TEST_F(ShardsTest, ADamagedShardIsNamed) {
  put(kSecond, "123");
  expect_error(error_with_index(index(kSecond, kFirst)), ErrorKind::bad_input, {kSecond, "truncated"});
}

TEST_F(ShardsTest, OnlyFilesBesideTheIndex) {
  put("other.safetensors", file_of("{}", ""));
  for (const char* name : {"../secret.safetensors", "/etc/passwd", "..", "", "a/b.safetensors", R"(a\\b)", R"(a\u0000b)"})
    expect_error(error_with_index(index(name, kFirst)), ErrorKind::bad_input, {"'a'", "not the name of a file beside it"});
}

TEST_F(ShardsTest, BrokenIndex) {
  for (const char* text : {"[]", "{}", R"({"weight_map":[]})", R"({"weight_map":{}})"})
    expect_error(error_with_index(text), ErrorKind::bad_input, {"index.json", "weight_map"});
  expect_error(error_with_index("{\n\"weight_map\": }"), ErrorKind::bad_input, {"index.json", "line 2"});
  expect_error(error_with_index(R"({"weight_map":{"a":3}})"), ErrorKind::bad_input, {"'a'"});
}

}  // namespace
}  // namespace hies::formats
