// Tests tokenizers of language models on whole files and unusual texts; tools/make_decoder_tokenizer_hashes.py wrote the expected
// hashes.
#include <algorithm>
#include <cctype>

#include "hies/base/files.h"
#include "hies/base/json.h"
#include "hies/text/test_fixture.h"
#include "hies/text/test_hash.h"
#include "hies/text/tokenizer.h"

namespace hies::text {
namespace {

namespace fs = std::filesystem;
const fs::path kSharedFolder = HIES_SHARED_DIR;

const Json& decoder_golden() {
  static const Json json = read_json(fs::path(HIES_SOURCE_DIR) / "tests/golden/decoder_tokenizers.json");
  return json;
}

std::vector<TextPair> lines_of(std::string_view text) {
  std::vector<TextPair> lines;
  for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    lines.push_back({std::string(text.substr(0, end)), std::nullopt});
    text.remove_prefix(end + 1);
  }
  lines.push_back({std::string(text), std::nullopt});
  return lines;
}

class Decoders : public testing::TestWithParam<std::string> {
 protected:
  // The tokenizer under test, from the files that the script gave to Hugging Face.
  Tokenizer load() {
    const std::string& name = GetParam();
    if (name == "Llama 2") return Tokenizer::load(kSharedFolder / "models/llama-gqa-books", "llama");
    const fs::path gpt2 = kSharedFolder / "tokenizers/gpt2";
    const std::string vocabulary = read_file(gpt2 / "encoder.json"), merges = read_file(gpt2 / "vocab.bpe");
    if (name == "GPT-2") {
      fixture.write("vocab.json", vocabulary).write("merges.txt", merges);
      return Tokenizer::load(fixture.dir(), "gpt2");
    }
    Json list = Json::array();
    for (const TextPair& line : lines_of(merges)) {
      const std::size_t space = line.first.find(' ');
      if (line.first.starts_with("#version") || space == std::string::npos) continue;
      list.push_back({line.first.substr(0, space), line.first.substr(space + 1)});
    }
    nlohmann::json document = decoder_golden()["documents"].at(name);
    document["model"]["vocab"] = nlohmann::json::parse(vocabulary);
    document["model"]["merges"] = list;
    fixture.write("tokenizer.json", document.dump()).write("tokenizer_config.json", decoder_golden()["configs"].at(name).dump());
    return Tokenizer::load(fixture.dir(), "llama");
  }

  static void expect(const std::vector<std::int32_t>& ids, const Json& wanted) {
    Fnv1a hash;
    for (const std::int32_t id : ids) hash.add(id);
    EXPECT_EQ(std::ssize(ids), wanted["ids"].get<std::int64_t>());
    EXPECT_EQ(hash.hex(), wanted["hash"].get<std::string>());
  }

  static std::vector<std::int32_t> ids_of(const Tokenizer& tokenizer, const std::vector<TextPair>& lines) {
    std::vector<std::int32_t> ids;
    for (const Encoding& encoding : tokenizer.encode_all(lines, {.max_length = 1 << 20})) {
      ids.push_back(static_cast<std::int32_t>(encoding.ids.size()));
      ids.insert(ids.end(), encoding.ids.begin(), encoding.ids.end());
    }
    return ids;
  }

  Fixture fixture;
};

TEST_P(Decoders, SameIdsAsHuggingFace) {
  if (!fs::exists(kSharedFolder / "tokenizers/gpt2") || !fs::exists(kSharedFolder / "data/text"))
    GTEST_SKIP() << kSharedFolder << " is not there";
  const Tokenizer tokenizer = load();
  const Json& wanted = decoder_golden()["tokenizers"].at(GetParam());
  ASSERT_TRUE(tokenizer.prefix());
  EXPECT_EQ(tokenizer.prefix()->id, wanted["prefix"].get<std::int32_t>());
  for (const auto& [file, numbers] : wanted["files"].items()) {
    SCOPED_TRACE(file);
    const std::string text = read_file(kSharedFolder / "data" / file);
    const PlainEncoding plain = tokenizer.encode_plain(std::span(&text, 1)).front();
    expect(plain.ids, numbers["plain"]);
    ASSERT_EQ(plain.ends.size(), plain.ids.size());
    EXPECT_TRUE(std::is_sorted(plain.ends.begin(), plain.ends.end()));
    EXPECT_EQ(plain.ends.back(), text.size());
    expect(ids_of(tokenizer, lines_of(text)), numbers["lines"]);
  }
  std::vector<TextPair> awkward;
  for (const Json& text : decoder_golden()["awkward"]) awkward.push_back({text.get<std::string>(), std::nullopt});
  expect(ids_of(tokenizer, awkward), wanted["awkward"]);
}

INSTANTIATE_TEST_SUITE_P(Models, Decoders, testing::Values("Llama 2", "GPT-2", "Llama 3", "Qwen 2.5"),
                         [](const testing::TestParamInfo<std::string>& info) {
                           std::string name = info.param;
                           std::erase_if(name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; });
                           return name;
                         });

}  // namespace
}  // namespace hies::text
