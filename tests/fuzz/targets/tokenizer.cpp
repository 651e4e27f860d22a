// The tokenizer files of a checkpoint, of each kind.
#include "hies/text/tokenizer.h"

#include "../target.h"
#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/base/json.h"
#include "hies/text/test_words.h"

namespace hies::fuzz {
namespace {

const std::vector<std::string>& some_texts() {
  static const std::vector<std::string> texts = {"", "A caf\xC3\xA9, the movie was n't <s> good [SEP].",
                                                 "  two  \n\t\xE4\xB8\xAD\xF0\x9F\x99\x82", std::string(300, 'a')};
  return texts;
}

// A byte-level BPE, and one of SentencePiece's kind, as Llama's.
std::string bpe(bool byte_level) {
  const Json vocabulary = {{"<unk>", 0},
                           {"<s>", 1},
                           {"</s>", 2},
                           {"a", 3},
                           {"b", 4},
                           {"\xC4\xA0", 5},
                           {"ab", 6},
                           {"\xE2\x96\x81", 7},
                           {"\xE2\x96\x81"
                            "a",
                            8},
                           {"<0x0A>", 9}};
  Json document = {
      {"version", "1.0"},
      {"added_tokens", Json::array({text::added_token(1, "<s>")})},
      {"normalizer", nullptr},
      {"pre_tokenizer", {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", true}}},
      {"post_processor", {{"type", "ByteLevel"}, {"add_prefix_space", true}, {"trim_offsets", false}, {"use_regex", true}}},
      {"decoder", {{"type", "ByteLevel"}, {"add_prefix_space", true}, {"trim_offsets", true}, {"use_regex", true}}},
      {"model",
       {{"type", "BPE"},
        {"unk_token", "<unk>"},
        {"byte_fallback", !byte_level},
        {"fuse_unk", true},
        {"vocab", vocabulary},
        {"merges", Json::array({Json::array({"a", "b"}), Json::array({"\xE2\x96\x81", "a"})})}}}};
  if (byte_level) return document.dump();
  document["pre_tokenizer"] = nullptr;
  document["post_processor"] = nullptr;
  document["normalizer"] = {
      {"type", "Sequence"},
      {"normalizers", Json::array({{{"type", "Prepend"}, {"prepend", "\xE2\x96\x81"}},
                                   {{"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", "\xE2\x96\x81"}}})}};
  document["decoder"] = {
      {"type", "Sequence"},
      {"decoders", Json::array({{{"type", "Replace"}, {"pattern", {{"Regex", "\xE2\x96\x81+"}}}, {"content", " "}},
                                {{"type", "ByteFallback"}},
                                {{"type", "Fuse"}}})}};
  return document.dump();
}

std::string unigram() {
  const Json vocabulary = Json::array({Json::array({"<unk>", 0.0}), Json::array({"\xE2\x96\x81", -2.0}), Json::array({"a", -1.5}),
                                       Json::array({"\xE2\x96\x81the", -1.0})});
  return Json({{"version", "1.0"},
               {"added_tokens", Json::array()},
               {"normalizer", {{"type", "NFKC"}}},
               {"pre_tokenizer",
                {{"type", "Metaspace"}, {"replacement", "\xE2\x96\x81"}, {"prepend_scheme", "always"}, {"split", true}}},
               {"post_processor", nullptr},
               {"decoder", nullptr},
               {"model", {{"type", "Unigram"}, {"unk_id", 0}, {"vocab", vocabulary}, {"byte_fallback", false}}}})
      .dump();
}

std::vector<Bundle> tokenizer_seeds() {
  std::vector<Bundle> seeds;
  for (const char* name : {"bert-tiny", "bert-reg", "roberta-tiny", "distilbert-tiny"})
    seeds.push_back(read_bundle(goldens() / name / "model",
                                {"tokenizer.json", "tokenizer_config.json", "vocab.txt", "vocab.json", "merges.txt"}));
  const std::string special =
      R"({"cls_token":"[CLS]","unk_token":{"content":"[UNK]","lstrip":false,"normalized":false,"rstrip":false,"single_word":false}})";
  seeds.front()["special_tokens_map.json"] = special;
  seeds.front()["added_tokens.json"] = R"({"<new>": 60, "<newer>": 61})";
  const std::string config =
      R"({"bos_token":"<s>","eos_token":{"content":"</s>","special":true},"model_max_length":512,"tokenizer_class":"PreTrainedTokenizerFast",
    "added_tokens_decoder":{"1":{"content":"<s>","lstrip":false,"normalized":false,"rstrip":true,"single_word":false,"special":true}},
    "extra_special_tokens":["<pad>"],"additional_special_tokens":["<x>"],"add_prefix_space":true,"truncation_side":"left"})";
  for (const std::string& document : {bpe(true), bpe(false), unigram(), text::word_tokenizer({"<s>", "[UNK]", "a", "b", "."})})
    seeds.push_back({{"tokenizer.json", document}, {"tokenizer_config.json", config}});
  return seeds;
}

void use(const text::Tokenizer& tokenizer) {
  const auto known = [&](const std::vector<std::int32_t>& ids) {
    for (const std::int32_t id : ids) check(id >= 0 && id < tokenizer.id_bound(), fmt::format("the id {}", id));
  };
  for (const std::string& text : some_texts()) {
    for (const std::int64_t length : {1, 3, 64}) {
      try {
        known(tokenizer.encode(text, std::nullopt, {.max_length = length}).ids);
        const text::Encoding pair = tokenizer.encode(text, "b", {.max_length = length});
        known(pair.ids);
        check(pair.ids.size() == pair.type_ids.size() && pair.ids.size() <= static_cast<std::size_t>(length),
              "a longer encoding");
      } catch (const Error& error) {
        check(error.kind() == ErrorKind::bad_input, error.what());
      }
    }
  }
  const auto plain = tokenizer.encode_plain(some_texts(), 1);
  for (std::size_t i = 0; i < plain.size(); ++i) {
    known(plain[i].ids);
    check(
        plain[i].ends.size() == plain[i].ids.size() && (plain[i].ends.empty() || plain[i].ends.back() <= some_texts()[i].size()),
        "ends");
    for (const std::int32_t id : plain[i].ids) static_cast<void>(tokenizer.token(id));
  }
  if (tokenizer.prefix()) known({tokenizer.prefix()->id});
}

void read_tokenizer(const std::filesystem::path& input, const std::filesystem::path& /*output*/) {
  // The class that is assumed where no file names one differs.
  std::size_t refused = 0;
  const std::vector<std::string_view> types = {"bert", "roberta", "llama"};
  for (const std::string_view type : types) {
    try {
      use(text::Tokenizer::load(input, type));
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::internal || ++refused == types.size()) throw;
    }
  }
}

}  // namespace

Target tokenizer_target() { return {"tokenizer", tokenizer_seeds, read_tokenizer}; }

}  // namespace hies::fuzz
