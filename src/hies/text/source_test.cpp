// Tests which files a tokenizer is read from, what they may contain, and what is refused.
#include "hies/base/error.h"
#include "hies/text/test_fixture.h"
#include "hies/text/tokenizer.h"

namespace hies::text {
namespace {

using Ids = std::vector<std::int32_t>;
constexpr EncodeOptions kUncut{.max_length = 512};

// A tokenizer of words split at spaces, with padding to 8 and truncation to 2, which have to be ignored.
constexpr std::string_view kDocument = R"({"version": "1.0",
  "truncation": {"max_length": 2, "strategy": "LongestFirst", "stride": 0},
  "padding": {"strategy": {"Fixed": 8}, "direction": "Right", "pad_to_multiple_of": null, "pad_id": 0, "pad_type_id": 0, "pad_token": "p"},
  "added_tokens": [], "normalizer": NORMALIZER, "pre_tokenizer": {"type": "Whitespace"}, "post_processor": null, "decoder": null,
  "model": {"type": "WordLevel", "unk_token": "u", "vocab": {"p": 0, "u": 1, "x": 2, "y": 3, "X": 4, "z": 9}}})";

std::string document(std::string_view normalizer = "null") {
  std::string text(kDocument);
  return text.replace(text.find("NORMALIZER"), 10, normalizer);
}

struct SourceTest : testing::Test {
  Fixture fixture;
  Tokenizer load(std::string_view model_type = "bert") { return Tokenizer::load(fixture.dir(), model_type); }
  Error error(std::string_view model_type = "bert") {
    try {
      load(model_type);
    } catch (const Error& error) {
      EXPECT_EQ(std::string_view(error.what()).find('\n'), std::string_view::npos);
      return error;
    }
    ADD_FAILURE() << "nothing was thrown";
    return {ErrorKind::internal, ""};
  }
  void expect_bad_input(std::string_view part, std::string_view model_type = "bert") {
    const Error found = error(model_type);
    EXPECT_EQ(found.kind(), ErrorKind::bad_input) << found.what();
    EXPECT_NE(std::string_view(found.what()).find(part), std::string_view::npos) << found.what();
  }
};

TEST_F(SourceTest, TokenizerJsonComesFirstAndItsTruncationAndPaddingAreIgnored) {
  fixture.write_bert_vocabulary().write("tokenizer.json", document());
  const Tokenizer tokenizer = load();
  EXPECT_EQ(tokenizer.encode("x y z x", {}, kUncut).ids, (Ids{2, 3, 9, 2}));
  const Encoding pair = tokenizer.encode("x", "y z", kUncut);
  EXPECT_EQ(pair.ids, (Ids{2, 3, 9}));
  EXPECT_EQ(pair.type_ids, (Ids{0, 1, 1}));
  EXPECT_EQ(tokenizer.vocabulary_size(), 6);
  EXPECT_EQ(tokenizer.id_bound(), 10);  // ids 5 to 8 do not exist
}

TEST_F(SourceTest, TheClassOptionsReplaceThoseOfTokenizerJson) {
  fixture.write("tokenizer.json", document(R"({"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
    "strip_accents": null, "lowercase": false})"));
  EXPECT_EQ(load("bert").encode("X", {}, kUncut).ids, (Ids{2}));
  EXPECT_EQ(load("llama").encode("X", {}, kUncut).ids, (Ids{4}));
  fixture.write("tokenizer_config.json", R"({"do_lower_case": false})");
  EXPECT_EQ(load("bert").encode("X", {}, kUncut).ids, (Ids{4}));
  fixture.write("tokenizer_config.json", R"({"tokenizer_class": "PreTrainedTokenizerFast"})");
  EXPECT_EQ(load("bert").encode("X", {}, kUncut).ids, (Ids{4}));
}

TEST_F(SourceTest, AddedTokensComeFromTheConfiguration) {
  fixture.write("tokenizer.json", document());
  fixture.write(
      "tokenizer_config.json",
      R"({"cls_token": {"content": "z"}, "added_tokens_decoder": {"11": {"content": "second"}, "10": {"content": "first one"}}})");
  const Tokenizer tokenizer = load();
  EXPECT_EQ(tokenizer.encode("x first one", {}, kUncut).ids, (Ids{2, 6}));  // new ids start at the number of tokens
  EXPECT_EQ(tokenizer.encode("second", {}, kUncut).ids, (Ids{7}));
  EXPECT_EQ(tokenizer.vocabulary_size(), 8);
}

TEST_F(SourceTest, SpecialTokensHaveOtherNames) {
  fixture.write("vocab.txt", "<u>\n<c>\n<e>\na\n");
  fixture.write("tokenizer_config.json",
                R"({"unk_token": "<u>", "cls_token": "[C]", "sep_token": {"content": "<e>", "lstrip": false}})");
  fixture.write("special_tokens_map.json", R"({"cls_token": {"content": "<c>"}})");
  const Tokenizer tokenizer = load();
  EXPECT_EQ(tokenizer.encode("a q", "a", kUncut).ids, (Ids{1, 3, 0, 2, 3, 2}));
  EXPECT_EQ(tokenizer.vocabulary_size(), 4);
}

TEST_F(SourceTest, LineEndsOfVocabularies) {
  fixture.write("vocab.txt", "[UNK]\r\n[CLS]\r\n[SEP]\r\n\r\na");
  const Tokenizer tokenizer = load();
  EXPECT_EQ(tokenizer.encode("a", {}, kUncut).ids, (Ids{1, 4, 2}));
}

TEST_F(SourceTest, ModelMaxLength) {
  fixture.write_bert_vocabulary().write("tokenizer_config.json", R"({"model_max_length": 128})");
  EXPECT_EQ(load().model_max_length(), 128);
  fixture.write("tokenizer_config.json", R"({"model_max_length": 1000000000000000019884624838656})");
  EXPECT_EQ(load().model_max_length(), std::nullopt);
  fixture.write("tokenizer_config.json", R"({"model_max_length": null})");
  EXPECT_EQ(load().model_max_length(), std::nullopt);
  fixture.write("tokenizer_config.json", R"({"model_max_length": 0})");
  expect_bad_input("model_max_length 0");
}

TEST_F(SourceTest, NothingThere) { expect_bad_input("looked for tokenizer.json, vocab.txt, vocab.json with merges.txt"); }

TEST_F(SourceTest, OnlyVocabJson) {
  fixture.write("vocab.json", "{}");
  expect_bad_input("looked for", "roberta");
}

TEST_F(SourceTest, SentencePieceOnly) {
  for (const char* name : {"tokenizer.model", "spiece.model", "sentencepiece.bpe.model"}) {  // the later ones beside the earlier
    fixture.write(name, "x");
    const Error found = error("xlm-roberta");
    EXPECT_EQ(found.kind(), ErrorKind::unsupported);
    EXPECT_NE(found.hint().find("save_pretrained"), std::string::npos);
  }
  EXPECT_NE(std::string(error("xlm-roberta").what()).find("sentencepiece.bpe.model"), std::string::npos);
}

TEST_F(SourceTest, VocabularyOfAnotherKind) {
  fixture.write_bert_vocabulary();
  EXPECT_EQ(error("gpt2").kind(), ErrorKind::unsupported);
}

TEST_F(SourceTest, BrokenTokenizerJson) {
  fixture.write("tokenizer.json", "{\"version\": \"1.0\",\n\"model\": ");
  expect_bad_input("tokenizer.json: EOF while parsing");
  fixture.write("tokenizer.json", R"({"version": "1.0", "model": {"type": "Runes"}})");
  expect_bad_input("tokenizer.json: ");
  fixture.write("tokenizer.json", "\xFF");
  expect_bad_input("not valid UTF-8");
}

TEST_F(SourceTest, BrokenConfiguration) {
  fixture.write_bert_vocabulary().write("tokenizer_config.json", "{");
  expect_bad_input("tokenizer_config.json");
  fixture.write("tokenizer_config.json", "[]");
  expect_bad_input("tokenizer_config.json");
  fixture.write("tokenizer_config.json", R"({"do_lower_case": "yes"})");
  expect_bad_input("do_lower_case");
  fixture.write("tokenizer_config.json", R"({"cls_token": 3})");
  expect_bad_input("cls_token");
  fixture.write("tokenizer_config.json", R"({"added_tokens_decoder": {"x": {"content": "y"}}})");
  expect_bad_input("'x' is not a token id");
  fixture.write("tokenizer_config.json", R"({"truncation_side": "middle"})");
  expect_bad_input("middle");
  fixture.write("tokenizer_config.json", R"({"model_specific_special_tokens": [1], "extra_special_tokens": {"x": "<x>"}})");
  expect_bad_input("model_specific_special_tokens");
}

TEST_F(SourceTest, BrokenVocabularies) {
  fixture.write("vocab.txt", "[UNK]\n[CLS]\na\n");
  expect_bad_input("sep_token '[SEP]' is not in the vocabulary");
  fixture.write("vocab.txt", "[UNK]\n[CLS]\n[SEP]\n\xFF\n");
  expect_bad_input("vocab.txt: the file is not valid UTF-8");
  fixture.write_roberta_vocabulary().write("vocab.json", "{");
  expect_bad_input("vocab.json", "roberta");
  fixture.write("vocab.json", "[]");
  expect_bad_input("vocab.json: not a JSON object", "roberta");
  fixture.write("vocab.json", R"({"<s>": -1})");
  expect_bad_input("the id of '<s>'", "roberta");
  fixture.write_roberta_vocabulary().write("merges.txt", "a b\na\n");
  expect_bad_input("merges.txt:2: 'a' is not two tokens", "roberta");
  fixture.write("merges.txt", "a q\n");
  expect_bad_input("vocab.json with merges.txt: ", "roberta");
}

}  // namespace
}  // namespace hies::text
