// Compares ids on whole dev sets with Hugging Face's fast tokenizers; tools/make_tokenizer_hashes.py wrote the expected hashes.
#include <algorithm>

#include <fmt/format.h>

#include "hies/base/files.h"
#include "hies/base/json.h"
#include "hies/text/test_fixture.h"
#include "hies/text/test_hash.h"
#include "hies/text/tokenizer.h"

namespace hies::text {
namespace {

namespace fs = std::filesystem;
const fs::path kShared = HIES_SHARED_DIR;

const Json& golden() {
  static const Json json = read_json(fs::path(HIES_SOURCE_DIR) / "tests/golden/tokenizer_hashes.json");
  return json;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t end = text.find(separator); end != std::string_view::npos; end = text.find(separator)) {
    parts.emplace_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  parts.emplace_back(text);
  return parts;
}

// The files of GLUE have no quoting and no escapes.
std::vector<TextPair> read_texts(const std::string& task, const Json& layout) {
  std::string file = read_file(kShared / "data/glue" / task / "dev.tsv");
  if (file.starts_with("\xEF\xBB\xBF")) file.erase(0, 3);
  std::vector<TextPair> texts;
  std::size_t skip = layout["skip"].get<std::size_t>();
  for (std::string& line : split(file, '\n')) {
    if (skip > 0) {
      --skip;
      continue;
    }
    if (line.ends_with('\r')) line.pop_back();
    if (line.empty()) continue;
    const std::vector<std::string> fields = split(line, '\t');
    const Json& columns = layout["columns"];
    texts.push_back({.first = fields.at(columns[0].get<std::size_t>()), .second = {}});
    if (columns.size() > 1) texts.back().second = fields.at(columns[1].get<std::size_t>());
  }
  return texts;
}

struct RealTest : testing::TestWithParam<std::string> {};

TEST_P(RealTest, SameIdsAsHuggingFace) {
  const Json& expected = golden()["tokenizers"].at(GetParam());
  const fs::path directory = kShared / expected["directory"].get<std::string>();
  if (!fs::exists(directory) || !fs::exists(kShared / "data/glue")) GTEST_SKIP() << directory << " or the GLUE data is not there";

  Fixture fixture;
  for (const auto& [name, original] : expected["files"].items()) {
    fixture.write(name, read_file(directory / original.get<std::string>()));
  }
  if (!expected["tokenizer_config"].is_null()) fixture.write("tokenizer_config.json", expected["tokenizer_config"].dump());
  const Tokenizer tokenizer = Tokenizer::load(fixture.dir(), expected["model_type"].get<std::string>());
  EXPECT_EQ(tokenizer.vocabulary_size(), expected["vocabulary_size"].get<std::int64_t>());

  for (const auto& [task, lengths] : expected["tasks"].items()) {
    const std::vector<TextPair> texts = read_texts(task, golden()["tasks"].at(task));
    for (const auto& [length, numbers] : lengths.items()) {
      SCOPED_TRACE(fmt::format("{} at {}", task, length));
      Fnv1a hash;
      std::int64_t ids = 0;
      for (const Encoding& encoding : tokenizer.encode_all(texts, {.max_length = std::stoll(length)})) {
        hash.add(static_cast<std::int32_t>(encoding.ids.size()));
        for (const std::int32_t id : encoding.ids) hash.add(id);
        for (const std::int32_t type : encoding.type_ids) hash.add(type);
        ids += static_cast<std::int64_t>(encoding.ids.size());
      }
      EXPECT_EQ(static_cast<std::int64_t>(texts.size()), numbers["texts"].get<std::int64_t>());
      EXPECT_EQ(ids, numbers["ids"].get<std::int64_t>());
      EXPECT_EQ(hash.hex(), numbers["hash"].get<std::string>());
    }
  }
}

std::vector<std::string> names() {
  std::vector<std::string> result;
  for (const auto& [name, tokenizer] : golden()["tokenizers"].items()) result.push_back(name);
  return result;
}

INSTANTIATE_TEST_SUITE_P(Glue, RealTest, testing::ValuesIn(names()), [](const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return name;
});

}  // namespace
}  // namespace hies::text
