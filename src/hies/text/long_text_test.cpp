// Tests long texts, which are encoded in pieces by a tokenizer that does not split words.
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "hies/base/json.h"
#include "hies/text/test_fixture.h"
#include "hies/text/test_words.h"
#include "hies/text/tokenizer.h"

namespace hies::text {
namespace {

enum class Form { metaspace, normalizer };  // how new and old tokenizer.json of Llama 2 add a space before a text

// Returns a tokenizer of characters, pairs of them, and the given tokens.
std::string llama_like(Form form, const std::vector<std::string>& more, const std::vector<std::string>& more_merges) {
  Json vocabulary = {{"<unk>", 0}, {"<s>", 1}};
  Json merges = Json::array();
  const auto add = [&](const std::string& token) { vocabulary[token] = vocabulary.size(); };
  for (const char* token : {"▁", "a", "b", "c", "\n", "▁a", "ab", "▁▁", "▁ab", "ca"}) add(token);
  for (const std::string& token : more) add(token);
  for (const char* merge : {"▁ a", "a b", "▁ ▁", "▁a b", "c a"}) merges.push_back(merge);
  for (const std::string& merge : more_merges) merges.push_back(merge);
  const Json normalizers = Json::array(
      {{{"type", "Prepend"}, {"prepend", "▁"}}, {{"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", "▁"}}});
  const Json metaspace = {{"type", "Metaspace"}, {"replacement", "▁"}, {"prepend_scheme", "first"}, {"split", false}};
  const bool old = form == Form::normalizer;
  const Json document = {
      {"version", "1.0"},
      {"added_tokens", Json::array({added_token(1, "<s>")})},
      {"normalizer", old ? Json({{"type", "Sequence"}, {"normalizers", normalizers}}) : Json(nullptr)},
      {"pre_tokenizer", old ? Json(nullptr) : metaspace},
      {"post_processor", nullptr},
      {"decoder", nullptr},
      {"model", {{"type", "BPE"}, {"vocab", vocabulary}, {"merges", merges}, {"unk_token", "<unk>"}, {"fuse_unk", true}}}};
  return document.dump();
}

std::string random_text(std::size_t size, const std::vector<std::string>& words) {
  std::mt19937 random(7);
  std::string text;
  while (text.size() < size) text += words[random() % words.size()];
  return text;
}

class LongTexts : public testing::TestWithParam<Form> {
 protected:
  // The result is the same in pieces and in one, for any number of threads.
  void expect_same(const std::string& document, const std::string& text) {
    fixture.write("tokenizer.json", document);
    const Tokenizer tokenizer = Tokenizer::load(fixture.dir(), "llama");
    const std::vector<std::int32_t> whole =
        tokenizer.encode(text, {}, {.max_length = std::int64_t{1} << 40, .special_tokens = false}).ids;
    const std::string start = text.substr(0, 60000);  // too short to be divided
    const PlainEncoding uncut = tokenizer.encode_plain(std::span(&start, 1)).front();
    for (const int threads : {1, 3}) {
      const PlainEncoding plain = tokenizer.encode_plain(std::span(&text, 1), threads).front();
      ASSERT_EQ(plain.ids, whole) << threads << " threads";
      ASSERT_EQ(plain.ends.size(), whole.size());
      EXPECT_EQ(plain.ends.back(), text.size());
      EXPECT_TRUE(std::is_sorted(plain.ends.begin(), plain.ends.end()));
      const std::size_t same = uncut.ids.size() - 4;  // the last tokens may be merged with the text that follows
      EXPECT_TRUE(std::equal(uncut.ends.begin(), uncut.ends.begin() + static_cast<std::ptrdiff_t>(same), plain.ends.begin()));
      expect_ends(plain, text, whole, tokenizer);
    }
  }

  // The text up to the end of a token has as many tokens alone, if the next token begins a word.
  void expect_ends(const PlainEncoding& plain, const std::string& text, const std::vector<std::int32_t>& whole,
                   const Tokenizer& tokenizer) {
    for (std::size_t i = 1; i < plain.ends.size(); i += 14983) {
      const std::size_t end = plain.ends[i];
      if (end >= text.size() || text[end] != ' ' || text[end - 1] == ' ') continue;
      const std::string before = text.substr(0, end);
      const auto ids = tokenizer.encode(before, {}, {.max_length = std::int64_t{1} << 40, .special_tokens = false}).ids;
      ASSERT_EQ(ids.size(), i + 1);
      ASSERT_TRUE(std::equal(ids.begin(), ids.end(), whole.begin()));
    }
  }

  Fixture fixture;
};

const std::vector<std::string> kWords = {"a",    "ab", " ", " a", " ab", "  ",  "ca b", "\n",
                                         "\n\n", " c", "é", " é", "▁",   "▁ a", " \n"};

TEST_P(LongTexts, InPiecesAsInOne) { expect_same(llama_like(GetParam(), {}, {}), random_text(400000, kWords)); }

TEST_P(LongTexts, AlsoWhereSpecialTokensStandInThem) {
  std::vector<std::string> words = kWords;
  words.insert(words.end(), {"<s>", " <s>", "<s> a"});
  expect_same(llama_like(GetParam(), {}, {}), random_text(300000, words));
}

TEST_P(LongTexts, AlsoWhereTokensCrossWords) {
  expect_same(llama_like(GetParam(), {"b▁", "b▁a"}, {"b ▁", "b▁ a"}), random_text(300000, kWords));
}

TEST_P(LongTexts, AlsoWithoutSpaces) {
  expect_same(llama_like(GetParam(), {}, {}), random_text(300000, {"a", "ab", "ca", "\n"}));
}

INSTANTIATE_TEST_SUITE_P(Forms, LongTexts, testing::Values(Form::metaspace, Form::normalizer),
                         [](const auto& info) { return info.param == Form::metaspace ? "Metaspace" : "Normalizer"; });

}  // namespace
}  // namespace hies::text
