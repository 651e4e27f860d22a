#include "hies/text/tokenizer.h"

#include <hies_tokenizer.h>
#include "hies/base/test_files.h"
#include "hies/text/test_fixture.h"
#include "hies/text/test_words.h"

namespace hies::text {
namespace {

using Ids = std::vector<std::int32_t>;
constexpr EncodeOptions kWhole{.max_length = 512};

struct BertTest : testing::Test {
  Fixture fixture;
  Tokenizer load() { return Tokenizer::load(fixture.dir(), "bert"); }
  BertTest() { fixture.write_bert_vocabulary(); }
};

struct RobertaTest : testing::Test {
  Fixture fixture;
  Tokenizer load() { return Tokenizer::load(fixture.dir(), "roberta"); }
  RobertaTest() { fixture.write_roberta_vocabulary(); }
};

TEST_F(BertTest, TextAndPair) {
  const Tokenizer tokenizer = load();
  const Encoding one = tokenizer.encode("a bs Q.", {}, kWhole);
  EXPECT_EQ(one.ids, (Ids{2, 5, 6, 9, 1, 15, 3}));
  EXPECT_EQ(one.type_ids, (Ids{0, 0, 0, 0, 0, 0, 0}));
  EXPECT_FALSE(one.truncated);
  const Encoding two = tokenizer.encode("a b", "c", kWhole);
  EXPECT_EQ(two.ids, (Ids{2, 5, 6, 3, 7, 3}));
  EXPECT_EQ(two.type_ids, (Ids{0, 0, 0, 0, 1, 1}));
  EXPECT_EQ(tokenizer.vocabulary_size(), 16);
  EXPECT_EQ(tokenizer.id_bound(), 16);
  EXPECT_EQ(tokenizer.model_max_length(), std::nullopt);
}

// What changes ids changes the hash; what does not, does not.
TEST_F(BertTest, HashIsOfWhatMakesIds) {
  const std::string hash = load().hash();
  EXPECT_EQ(hash.size(), 32u);
  fixture.write("README.md", "another file");
  EXPECT_EQ(load().hash(), hash);
  fixture.write("tokenizer_config.json", R"({"do_lower_case": false})");
  const std::string cased = load().hash();
  EXPECT_NE(cased, hash);
  fixture.write_roberta_vocabulary();
  EXPECT_NE(Tokenizer::load(fixture.dir(), "roberta").hash(), cased);
}

TEST_F(BertTest, EmptyTextsAreTextsToo) {
  const Tokenizer tokenizer = load();
  EXPECT_EQ(tokenizer.encode("", {}, kWhole).ids, (Ids{2, 3}));
  EXPECT_EQ(tokenizer.encode("a", "", kWhole).ids, (Ids{2, 5, 3, 3}));
  EXPECT_EQ(tokenizer.encode("a", std::string_view(), kWhole).ids, (Ids{2, 5, 3, 3}));
  EXPECT_TRUE(tokenizer.encode("", {}, {.max_length = 8, .special_tokens = false}).ids.empty());
}

TEST_F(BertTest, SpecialTokensOff) {
  const Encoding encoding = load().encode("a b", "c d", {.max_length = 8, .special_tokens = false});
  EXPECT_EQ(encoding.ids, (Ids{5, 6, 7, 8}));
  EXPECT_EQ(encoding.type_ids, (Ids{0, 0, 1, 1}));
}

TEST_F(BertTest, SpecialTokensInTheText) { EXPECT_EQ(load().encode("a [MASK] b", {}, kWhole).ids, (Ids{2, 5, 4, 6, 3})); }

TEST_F(BertTest, AccentsCaseAndCjk) {
  const std::string text =
      "CAF\xC3\x89 Paris\xE4\xB8\xAD"
      "a";
  EXPECT_EQ(load().encode(text, {}, kWhole).ids, (Ids{2, 10, 13, 14, 5, 3}));
  fixture.write("tokenizer_config.json", R"({"strip_accents": false})");
  EXPECT_EQ(load().encode(text, {}, kWhole).ids, (Ids{2, 11, 13, 14, 5, 3}));
  fixture.write("tokenizer_config.json", R"({"do_lower_case": false})");
  EXPECT_EQ(load().encode("caf\xC3\xA9 Paris", {}, kWhole).ids, (Ids{2, 11, 12, 3}));
  fixture.write("tokenizer_config.json", R"({"tokenize_chinese_chars": false})");
  EXPECT_EQ(load()
                .encode("\xE4\xB8\xAD"
                        "a",
                        {}, kWhole)
                .ids,
            (Ids{2, 1, 3}));  // one unknown word
}

// The ids of transformers 5.23 on the same vocabulary.
TEST_F(BertTest, TruncationTakesFromTheLongestFirst) {
  const Tokenizer tokenizer = load();
  const auto ids = [&](std::string_view first, std::string_view second, std::int64_t length) {
    return tokenizer.encode(first, second, {.max_length = length}).ids;
  };
  EXPECT_EQ(ids("a b c d", "a b c", 3), (Ids{2, 3, 3}));
  EXPECT_EQ(ids("a b c d", "a b c", 4), (Ids{2, 5, 3, 3}));
  EXPECT_EQ(ids("a b c d", "a b c", 5), (Ids{2, 5, 3, 5, 3}));
  EXPECT_EQ(ids("a b c d", "a b c", 6), (Ids{2, 5, 6, 3, 5, 3}));
  EXPECT_EQ(ids("a b c d", "a b c", 9), (Ids{2, 5, 6, 7, 3, 5, 6, 7, 3}));
  EXPECT_EQ(ids("a b c d", "a", 6), (Ids{2, 5, 6, 3, 5, 3}));
  EXPECT_EQ(ids("a", "a b c d", 6), (Ids{2, 5, 3, 5, 6, 3}));
  EXPECT_EQ(ids("a b", "a b c", 6), (Ids{2, 5, 3, 5, 6, 3}));
  EXPECT_EQ(tokenizer.encode("a b c d", {}, {.max_length = 4}).ids, (Ids{2, 5, 6, 3}));
  EXPECT_EQ(tokenizer.encode("a b c", "a b c d", {.max_length = 3, .special_tokens = false}).ids, (Ids{5, 5, 6}));
}

TEST_F(BertTest, TruncationIsReported) {
  const Tokenizer tokenizer = load();
  EXPECT_FALSE(tokenizer.encode("a b", {}, {.max_length = 4}).truncated);
  EXPECT_TRUE(tokenizer.encode("a b c", {}, {.max_length = 4}).truncated);
}

TEST_F(BertTest, TruncationSideIsReadFromTheConfiguration) {
  fixture.write("tokenizer_config.json", R"({"truncation_side": "left"})");
  EXPECT_EQ(load().encode("a b c d", {}, {.max_length = 4}).ids, (Ids{2, 7, 8, 3}));
}

TEST_F(BertTest, NoRoomForTheSpecialTokensIsAnError) {
  const Tokenizer tokenizer = load();
  EXPECT_EQ(error_of([&] { tokenizer.encode("a", "b", {.max_length = 2}); }).kind(), ErrorKind::bad_input);
  EXPECT_EQ(error_of([&] { tokenizer.encode("a", {}, {.max_length = 0}); }).kind(), ErrorKind::bad_input);
}

TEST_F(BertTest, InvalidUtf8IsAnError) {
  const Tokenizer tokenizer = load();
  const Error error = error_of([&] { tokenizer.encode("a \xFF", {}, kWhole); });
  EXPECT_EQ(error.kind(), ErrorKind::bad_input);
  EXPECT_STREQ(error.what(), "cannot encode a text: the text is not valid UTF-8 at byte 2");
  EXPECT_EQ(error_of([&] { tokenizer.encode("a", "\xC3", kWhole); }).kind(), ErrorKind::bad_input);
  EXPECT_EQ(tokenizer.encode(std::string_view("a\0b", 3), {}, kWhole).ids, (Ids{2, 1, 3}));  // NUL is dropped: "ab"
}

TEST_F(BertTest, ThreadsChangeNothing) {
  const Tokenizer tokenizer = load();
  std::vector<TextPair> texts;
  for (int i = 0; i < 1000; ++i) {
    std::string text;
    for (int word = 0; word < i % 17; ++word) text += std::string(1, static_cast<char>('a' + (i * 7 + word) % 4)) + " ";
    texts.push_back({.first = text, .second = i % 3 == 0 ? std::optional<std::string>("c d") : std::nullopt});
  }
  const EncodeOptions options{.max_length = 12};
  const std::vector<Encoding> many = tokenizer.encode_all(texts, options, 4);
  ASSERT_EQ(many.size(), texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const Encoding one = tokenizer.encode(texts[i].first, texts[i].second, options);
    EXPECT_EQ(many[i].ids, one.ids);
    EXPECT_EQ(many[i].type_ids, one.type_ids);
    EXPECT_EQ(many[i].truncated, one.truncated);
  }
  EXPECT_TRUE(tokenizer.encode_all({}, options).empty());
  texts[300].first = texts[900].first = "\xFF";
  for (const int threads : {1, 4}) {
    EXPECT_STREQ(error_of([&] { tokenizer.encode_all(texts, options, threads); }).what(),
                 "cannot encode text 300: the text is not valid UTF-8 at byte 0");
  }
}

TEST_F(BertTest, MovedTokenizerEncodes) {
  Tokenizer first = load();
  const Tokenizer second = std::move(first);
  EXPECT_EQ(second.encode("a", {}, kWhole).ids, (Ids{2, 5, 3}));
}

TEST_F(RobertaTest, TextAndPair) {
  const Tokenizer tokenizer = load();
  const Encoding one = tokenizer.encode("ab ab", {}, kWhole);
  EXPECT_EQ(one.ids, (Ids{0, 7, 9, 2}));
  const Encoding two = tokenizer.encode("ab", "a b", kWhole);
  EXPECT_EQ(two.ids, (Ids{0, 7, 2, 2, 4, 6, 5, 2}));
  EXPECT_EQ(two.type_ids, Ids(8, 0));
  EXPECT_EQ(tokenizer.encode("\xC3\xA9", {}, kWhole).ids, (Ids{0, 10, 11, 2}));
  EXPECT_EQ(tokenizer.encode("ab ab a", "b b", {.max_length = 7}).ids, (Ids{0, 7, 2, 2, 5, 6, 2}));
  EXPECT_EQ(tokenizer.vocabulary_size(), 13);
}

TEST_F(RobertaTest, AddPrefixSpace) {
  fixture.write("tokenizer_config.json", R"({"add_prefix_space": true})");
  EXPECT_EQ(load().encode("ab", {}, kWhole).ids, (Ids{0, 9, 2}));
}

TEST_F(RobertaTest, MaskIncludesTheSpaceBeforeItWhereAFileSaysSo) {
  EXPECT_EQ(load().encode("ab <mask>", {}, kWhole).ids, (Ids{0, 7, 6, 12, 2}));
  fixture.write("special_tokens_map.json", R"({"mask_token": {"content": "<mask>", "lstrip": true}})");
  EXPECT_EQ(load().encode("ab <mask>", {}, kWhole).ids, (Ids{0, 7, 12, 2}));
}

// The crate panics where the parts of a tokenizer.json do not fit: its maker's mistake, not a bug of this program.
TEST(Mismatched, TokenizersAreBadInput) {
  const auto message_of = [](const Json& document) {
    Fixture fixture;
    fixture.write("tokenizer.json", document.dump());
    const Error error = error_of([&] { Tokenizer::load(fixture.dir(), "llama").encode("a", "b", kWhole); });
    EXPECT_EQ(error.kind(), ErrorKind::bad_input) << error.what();
    return error.what() + (" | " + error.hint());
  };
  const Json whole = Json::parse(word_tokenizer({"<s>", "[UNK]", "a", "b"}));
  Json document = whole;
  document["post_processor"]["pair"][0]["SpecialToken"]["id"] = "<other>";
  EXPECT_NE(
      message_of(document).find("the tokenizers library fails with this tokenizer: no entry found for key | its tokenizer.json"),
      std::string::npos)
      << message_of(document);
  document = whole;
  document["model"]["vocab"]["far"] = 4294967295U;
  EXPECT_NE(message_of(document).find("the token 'far' has the id 4294967295, which no model has"), std::string::npos);
  document = whole;
  document["added_tokens"].push_back({{"id", 4}, {"content", std::string(100000, 'x')}, {"special", true}});
  EXPECT_NE(message_of(document).find("an added token has 100000 bytes, but at most 1024 are read"), std::string::npos);
}

// Time that grows with the square of a token's length is not spent, whichever file has the token.
TEST(Mismatched, LongAddedTokensAreRefusedWhereverTheyAre) {
  const std::string whole = word_tokenizer({"<s>", "[UNK]", "a", "b"}), name(100000, 'x');
  const auto message_of = [&](const std::string& document, const std::string& added) {
    Fixture fixture;
    fixture.write("tokenizer.json", document).write("added_tokens.json", added);
    const Error error = error_of([&] { Tokenizer::load(fixture.dir(), "llama"); });
    EXPECT_EQ(error.kind(), ErrorKind::bad_input) << error.what();
    return std::string(error.what());
  };
  EXPECT_NE(message_of(whole, Json{{name, 4}}.dump()).find("an added token has 100000 bytes"), std::string::npos);
  const std::string twice = R"({"added_tokens":[{"id":4,"content":")" + name + R"(","special":true}],)" + whole.substr(1);
  EXPECT_NE(message_of(twice, "{}").find("duplicate field `added_tokens`"), std::string::npos) << message_of(twice, "{}");
}

// Without a token for what the vocabulary lacks, the crate has an error for the text.
TEST(Mismatched, PlainTextsAreBadInput) {
  Json document = Json::parse(word_tokenizer({"<s>", "[UNK]", "a"}));
  document["model"]["unk_token"] = "<other>";
  Fixture fixture;
  fixture.write("tokenizer.json", document.dump());
  const Tokenizer tokenizer = Tokenizer::load(fixture.dir(), "llama");
  const Error error = error_of([&] { tokenizer.encode_plain(std::vector<std::string>{"a", "b"}, 1); });
  EXPECT_EQ(error.kind(), ErrorKind::bad_input);
  EXPECT_EQ(std::string_view(error.what()).substr(0, 22), "cannot encode text 1: ") << error.what();
}

// Tests the C ABI directly: it returns errors, also for text that is not UTF-8. The C++ class always passes valid documents.
TEST(Abi, ErrorsAreReturned) {
  for (const std::string_view document : {"", "{", "{}", "[]", "null", "\xFF\xFE"}) {
    hies_tokenizer* tokenizer = nullptr;
    char* message = nullptr;
    EXPECT_EQ(hies_tokenizer_new(document.data(), document.size(), "{}", 2, &tokenizer, &message), HIES_TOKENIZER_BAD_INPUT);
    EXPECT_EQ(tokenizer, nullptr);
    ASSERT_NE(message, nullptr);
    EXPECT_FALSE(std::string_view(message).empty());
    hies_tokenizer_error_free(message);
  }
}

}  // namespace
}  // namespace hies::text
