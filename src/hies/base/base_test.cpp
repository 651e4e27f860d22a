#include <cmath>
#include <filesystem>
#include <limits>

#include <gtest/gtest.h>

#include "hies/base/files.h"
#include "hies/base/hash.h"
#include "hies/base/hidden_names.h"
#include "hies/base/json.h"
#include "hies/base/lfs_pointer.h"
#include "hies/base/rng.h"
#include "hies/base/stored.h"
#include "hies/base/suggest.h"
#include "hies/base/test_files.h"

namespace hies {
namespace {
namespace fs = std::filesystem;

class FilesTest : public testing::Test {
 private:
  const TestFolder own_;

 protected:
  const fs::path folder = own_.path();
  int entries() const { return static_cast<int>(std::distance(fs::directory_iterator(folder), {})); }
};

TEST_F(FilesTest, AFileAppearsWholeOrNotAtAll) {
  {
    AtomicFile file(folder / "a", false);
    file.write("half");
    EXPECT_FALSE(fs::exists(folder / "a"));
  }
  EXPECT_EQ(entries(), 0);
  write_file(folder / "a", "whole", false);
  EXPECT_EQ(read_file(folder / "a"), "whole");
  EXPECT_EQ(error_of([&] { write_file(folder / "a", "other", false); }).kind(), ErrorKind::bad_input);
  write_file(folder / "a", "other", true);
  EXPECT_EQ(read_file(folder / "a"), "other");
  EXPECT_EQ(entries(), 1);
}

TEST_F(FilesTest, AFolderReplacesACheckpointOnlyWithForce) {
  const auto make = [&](bool force) {
    AtomicDirectory made(folder / "m", force);
    write_file(made.folder() / "config.json", force ? "new" : "old", false);
    write_file(made.folder() / "model.safetensors", "", false);
    made.commit();
  };
  make(false);
  EXPECT_EQ(error_of([&] { make(false); }).kind(), ErrorKind::bad_input);
  {
    AtomicDirectory abandoned(folder / "m", true);
    write_file(abandoned.folder() / "config.json", "lost", false);
  }
  EXPECT_EQ(read_file(folder / "m/config.json"), "old");
  make(true);
  EXPECT_EQ(read_file(folder / "m/config.json"), "new");
  EXPECT_EQ(entries(), 1);
  fs::create_directories(folder / "precious");
  write_file(folder / "precious/thesis.tex", "…", false);
  write_file(folder / "precious/config.json", "{}", false);
  EXPECT_EQ(error_of([&] { AtomicDirectory(folder / "precious", true); }).kind(), ErrorKind::bad_input);
}

TEST_F(FilesTest, UnfinishedOutputsAreRemoved) {
  AtomicFile file(folder / "a", false);
  AtomicDirectory made(folder / "m", false);
  EXPECT_EQ(entries(), 2);
  remove_unfinished_outputs();
  EXPECT_EQ(entries(), 0);
}

TEST_F(FilesTest, FailuresNameTheFile) {
  EXPECT_EQ(error_of([&] { read_file(folder / "none"); }).kind(), ErrorKind::io);
  EXPECT_NE(std::string(error_of([&] { write_file(folder / "no/such", "", false); }).what()).find("no/such"), std::string::npos);
  EXPECT_EQ(error_of([&] { MappedFile{folder}; }).kind(), ErrorKind::io);
}

TEST_F(FilesTest, WhatIsSetAsideCanBeReadAgain) {
  std::string text(100000, 'x');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>('a' + i % 26);
  write_file(folder / "file", text, false);
  const MappedFile file(folder / "file");
  for (const auto& [first, count] : {std::pair(0, 100000), std::pair(5000, 90000), std::pair(10, 20), std::pair(99999, 1)})
    file.set_aside(file.bytes().subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count)));
  const auto bytes = file.bytes();
  EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), std::as_bytes(std::span(text)).begin()));
}

TEST_F(FilesTest, WhatCannotBeLookedAtIsIo) {
  const std::string endless(300, 'x');
  EXPECT_EQ(error_of([&] { is_there(folder / endless); }).kind(), ErrorKind::io);
  EXPECT_EQ(error_of([&] { check_writable(folder / endless, false); }).kind(), ErrorKind::io);
  EXPECT_EQ(error_of([&] { AtomicFile(folder / endless / "a", true); }).kind(), ErrorKind::io);
  EXPECT_FALSE(is_there(folder / "none" / "below"));
  EXPECT_TRUE(is_folder(folder));
}

TEST_F(FilesTest, ADeviceIsNotReplaced) {
  EXPECT_EQ(error_of([&] { write_file("/dev/null", "", true); }).kind(), ErrorKind::bad_input);
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

TEST(Hash, KnowsWherePartsEnd) {
  const auto digest = [](auto... parts) {
    Hasher hasher;
    (hasher.update(std::string_view(parts)), ...);
    return hasher.hex();
  };
  EXPECT_NE(digest("ab", "c"), digest("a", "bc"));
  EXPECT_EQ(Hasher().hex(), "99aa06d3014798d86001c324468d497f");  // XXH3-128 of nothing, from xxHash's own test vectors
}

TEST(JsonText, ErrorsSayWhere) {
  EXPECT_NE(std::string(error_of([] { parse_json("{\n  \"a\": ,\n}", "x.json"); }).what()).find("line 2, column 8"),
            std::string::npos);
  const Json json = parse_json(R"({"a": "text", "n": null})", "x.json");
  EXPECT_NE(std::string(error_of([&] { require<int>(json, "a", "x.json"); }).what()).find("'a' must be an integer"),
            std::string::npos);
  EXPECT_NE(std::string(error_of([&] { require<int>(json, "b", "x.json"); }).what()).find("'b' is missing"), std::string::npos);
  EXPECT_EQ(value_or<int>(json, "n", 7, "x.json"), 7);
}

// Python's json module writes numbers that JSON does not have.
TEST(JsonText, PythonsNumbersThatAreNotFinite) {
  const TestFolder folder;
  const auto path =
      folder.write("config.json", R"({"a": NaN, "b": [Infinity, -Infinity, 1.5], "c": "NaN, \"Infinity\"", "d": {"e": NaN}})");
  EXPECT_EQ(error_of([&] { read_json(path); }).kind(), ErrorKind::bad_input);
  const Json json = read_python_json(path);
  EXPECT_TRUE(std::isnan(json["a"].get<double>()) && std::isnan(json["d"]["e"].get<double>()));
  EXPECT_EQ(json["b"][0].get<double>(), std::numeric_limits<double>::infinity());
  EXPECT_EQ(json["b"][1].get<double>(), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(json["c"], "NaN, \"Infinity\"");
  EXPECT_EQ(pretty_python(json),
            "{\n  \"a\": NaN,\n  \"b\": [Infinity, -Infinity, 1.5],\n  \"c\": \"NaN, \\\"Infinity\\\"\",\n  \"d\": {\n    \"e\": "
            "NaN\n  }\n}\n");
  EXPECT_EQ(std::string(error_of([&] { value_or<double>(json, "a", 1, "f"); }).what()),
            "f: 'a' must be a finite number, found NaN");
  for (const char* broken : {"{\"a\": Inf}", "{\"a\": NaN", "{\"a\": +Infinity}", "{\"a\": xNaN}", "{\"a\": nan}"})
    EXPECT_EQ(error_of([&] { read_python_json(folder.write("broken.json", broken)); }).kind(), ErrorKind::bad_input) << broken;
}

TEST(JsonText, AGitLfsPointerIsCalledOne) {
  const Error error =
      error_of([] { parse_json("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", "tokenizer.json"); });
  EXPECT_EQ(std::string(error.what()).find("tokenizer.json is a Git LFS pointer"), 0U);
  EXPECT_NE(error.hint().find("git lfs pull"), std::string::npos);
  EXPECT_FALSE(is_lfs_pointer("{\"version\": \"https://git-lfs.github.com/spec/v1\"}"));
  EXPECT_FALSE(is_lfs_pointer(""));
}

TEST(JsonText, NoMemberStandsTwice) {
  EXPECT_EQ(std::string(error_of([] { parse_json(R"({"pruned": {"0": [1], "0": [2]}})", "plan.json"); }).what()),
            "plan.json: '0' stands twice in one object");
  EXPECT_EQ(parse_json(R"({"a": {"x": 1}, "b": [{"x": 1}, {"x": 2}]})", "x.json")["b"][1]["x"], 2);
}

TEST(JsonText, NoMoreLevelsThanAFunctionMayCallItself) {
  const auto nested = [](int levels) {
    return "{\"a\":" + std::string(static_cast<std::size_t>(levels - 1), '[') +
           std::string(static_cast<std::size_t>(levels - 1), ']') + "}";
  };
  EXPECT_EQ(parse_json(nested(kMaxJsonDepth), "x.json").size(), 1u);
  for (const int levels : {kMaxJsonDepth + 1, 1'000'000}) {
    const Error error = error_of([&] { require<int>(parse_json(nested(levels), "x.json"), "a", "x.json"); });
    EXPECT_EQ(error.kind(), ErrorKind::bad_input);
    EXPECT_NE(std::string(error.what()).find("inside one another"), std::string::npos) << error.what();
  }
}

TEST(JsonText, PrettyKeepsTablesOnLines) {
  const Json json = {{"b", {{1, 2}, {3, 4}}}, {"a", 0.1}};
  EXPECT_EQ(pretty(json), "{\n  \"b\": [\n    [1, 2],\n    [3, 4]\n  ],\n  \"a\": 0.1\n}\n");
  EXPECT_EQ(parse_json(pretty(json), ""), json);
  EXPECT_THROW(pretty(Json(std::numeric_limits<double>::quiet_NaN())), Error);
}

struct StoredInner {
  double part = 0;
  std::optional<double> other;
  template <class V, class Self>
  static void fields(V& v, Self& self) {
    v("part", self.part, stored::Share{});
    v("other", self.other, stored::Share{});
  }
};

struct StoredOuter {
  bool on = false;
  std::int64_t count = 0;
  std::string name, empty;
  StoredInner inner;
  std::optional<StoredInner> none;
  stored::NamedNumbers numbers;
  template <class V, class Self>
  static void fields(V& v, Self& self) {
    v("on", self.on);
    v("count", self.count);
    v("name", self.name);
    v("empty", self.empty, stored::NullIfEmpty{});
    v("inner", self.inner);
    v("none", self.none);
    v("numbers", self.numbers);
  }
};

constexpr std::string_view kStored =
    R"({"on":true,"count":3,"name":"n","empty":null,"inner":{"part":0.5,"other":null},"none":null,"numbers":{"b":2.0,"a":-1.0}})";

TEST(Stored, IsWrittenAsItWasRead) {
  const Json json = parse_json(kStored, "f");
  EXPECT_EQ(to_stored(from_stored<StoredOuter>(JsonNode(json, "f"))).dump(), kStored);
}

TEST(Stored, ErrorsNameThePath) {
  StoredOuter outer;
  outer.inner.part = std::numeric_limits<double>::infinity();
  EXPECT_STREQ(error_of([&] { to_stored(outer); }).what(), "inner.part is inf");
  const auto refusal = [](std::string_view pointer, const Json& value) {
    Json json = parse_json(kStored, "f");
    json[Json::json_pointer(std::string(pointer))] = value;
    return std::string(error_of([&] { from_stored<StoredOuter>(JsonNode(json, "f")); }).what());
  };
  EXPECT_NE(refusal("/inner/part", 1.5).find("'inner.part' is 1.5"), std::string::npos);
  EXPECT_NE(refusal("/inner/other", -0.1).find("'inner.other' is -0.1"), std::string::npos);
  EXPECT_NE(refusal("/on", 1).find("'on'"), std::string::npos);
  EXPECT_NE(refusal("/count", -1).find("'count'"), std::string::npos);
  EXPECT_NE(refusal("/numbers/a", "x").find("'numbers.a'"), std::string::npos);
}

TEST(Random, IsTheSameEverywhere) {
  Rng rng(0);
  EXPECT_EQ(rng.next(), 0xE220A8397B1DCDAFull);  // SplitMix64's published first output for seed 0
  auto order = permutation(100, rng);
  std::sort(order.begin(), order.end());
  for (std::int64_t i = 0; i < 100; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
}

TEST(Suggest, NearNamesOnly) {
  const std::vector<std::string> names{"sst2", "cola", "classification"};
  EXPECT_EQ(nearest("sst", names), "sst2");
  EXPECT_EQ(nearest("clasification", names), "classification");
  EXPECT_EQ(nearest("ss2t", names), "sst2");
  EXPECT_EQ(nearest("SST2", names), "sst2");
  EXPECT_EQ(nearest("imagenet", names), "");
}

TEST(HiddenNames, AreThoseThatNobodyMeans) {
  for (const char* name : {".ipynb_checkpoints", "._a.png", ".DS_Store", "@eaDir", "__MACOSX", "Thumbs.db", "thumbs.DB",
                           "desktop.ini", "$RECYCLE.BIN"})
    EXPECT_TRUE(is_hidden_name(name)) << name;
  for (const char* name : {"cat", "a.png", "_a.png", "@home", "thumbs", "Thumbs.db.png", "eaDir", "~a.png", ""})
    EXPECT_FALSE(is_hidden_name(name)) << name;
}

TEST(HiddenNames, HideWhatLiesBelowThem) {
  for (const char* path : {".git/a.png", "cat/@eaDir/a.png", "cat/.a.png", "__MACOSX/cat/a.png", "cat/Thumbs.db", "./.a"})
    EXPECT_TRUE(has_hidden_part(path)) << path;
  for (const char* path : {"cat/a.png", "./cat/a.png", "../a.png", "a.b/c.png", "cat/", "", "/"})
    EXPECT_FALSE(has_hidden_part(path)) << path;
}

}  // namespace
}  // namespace hies
