// Compares ids under the options and token files that people have with those of transformers; tools/make_tokenizer_option_goldens.py
// wrote the expected ids.
#include <map>

#include <gtest/gtest.h>

#include "hies/base/json.h"
#include "hies/text/test_fixture.h"
#include "hies/text/tokenizer.h"

namespace hies::text {
namespace {

const Json& option_goldens() {
  static const Json json = read_json(std::filesystem::path(HIES_SOURCE_DIR) / "tests/golden/tokenizer_options.json");
  return json;
}

void write_files(const Json& golden, Fixture& fixture) {
  for (const auto& [name, text] : golden["files"].items()) fixture.write(name, text.get<std::string>());
  if (golden["document"].is_null()) return;
  Json document = option_goldens()["documents"].at(golden["document"].get<std::string>());
  document.merge_patch(golden["edit"]);
  fixture.write("tokenizer.json", document.dump());
}

Tokenizer load(const Json& golden, const Fixture& fixture) {
  return Tokenizer::load(fixture.dir(), golden["model_type"].get<std::string>());
}

// Under PreTrainedTokenizerFast, transformers 5 gives BERT no type ids, but version 4, with which such models were trained, did.
bool reads_type_ids(const Json& golden) { return golden["model_type"] == "bert" && golden["class"] != "TokenizersBackend"; }

TEST(TokenizerOptions, SameIdsAsHuggingFace) {
  for (const Json& golden : option_goldens()["cases"]) {
    SCOPED_TRACE(golden["name"].get<std::string>());
    Fixture fixture;
    write_files(golden, fixture);
    const Tokenizer tokenizer = load(golden, fixture);
    EXPECT_TRUE(tokenizer.warnings().empty()) << tokenizer.warnings().front();
    const Json& texts = option_goldens()["texts"].at(golden["texts"].get<std::string>());
    ASSERT_EQ(texts.size(), golden["ids"].size());
    const auto most = golden.value("max_length", std::int64_t{512});
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const bool is_pair = texts[i].is_array();
      const auto first = (is_pair ? texts[i][0] : texts[i]).get<std::string>();
      const auto second = is_pair ? texts[i][1].get<std::string>() : std::string();
      const std::optional<std::string_view> pair = is_pair ? std::optional<std::string_view>(second) : std::nullopt;
      const Encoding encoding = tokenizer.encode(first, pair, {.max_length = most});
      EXPECT_EQ(encoding.ids, golden["ids"][i].get<std::vector<std::int32_t>>()) << texts[i];
      if (is_pair && reads_type_ids(golden)) {
        EXPECT_EQ(encoding.type_ids, golden["type_ids"].get<std::vector<std::int32_t>>()) << texts[i];
      }
    }
  }
}

std::string hash_of(const Json& golden) {
  Fixture fixture;
  write_files(golden, fixture);
  return load(golden, fixture).hash();
}

TEST(TokenizerOptions, OtherIdsAreAnotherHash) {
  std::map<std::string, std::string> ids_of;  // by hash and greatest length
  for (const Json& golden : option_goldens()["cases"]) {
    SCOPED_TRACE(golden["name"].get<std::string>());
    const std::string types = reads_type_ids(golden) ? golden["type_ids"].dump() : "";
    const std::string ids = golden["texts"].dump() + golden["ids"].dump() + types;
    if (!reads_type_ids(golden) && golden["class"] != "LlamaTokenizer") continue;
    const std::string key = fmt::format("{} {}", hash_of(golden), golden.value("max_length", 0));
    EXPECT_EQ(ids_of.emplace(key, ids).first->second, ids) << "the hash of other ids";
  }
  EXPECT_GT(ids_of.size(), 20u);
}

TEST(TokenizerOptions, OptionsThatChangeNothingAreNoPartOfTheHash) {
  const auto hash = [](const std::string& name) {
    for (const Json& golden : option_goldens()["cases"])
      if (golden["name"] == name) return hash_of(golden);
    ADD_FAILURE() << "no golden " << name;
    return std::string();
  };
  const std::string usual = hash("llama as metaspace");
  for (const std::string option :
       {"prefix", "prefix null", "not legacy", "legacy null", "adds eos", "adds no bos", "do_lower_case"})
    EXPECT_EQ(hash("llama as metaspace, " + option), usual) << option;
  for (const std::string option : {"no prefix", "legacy", "splits special tokens"})
    EXPECT_NE(hash("llama as metaspace, " + option), usual) << option;
  EXPECT_EQ(hash(R"(tokenizer.json, {"do_basic_tokenize": false})"), hash(R"(tokenizer.json, {"add_prefix_space": true})"));
  EXPECT_NE(hash("tokenizer.json, added_tokens.json"), hash("tokenizer.json, added_tokens.json out of order"));
}

TEST(TokenizerOptions, WhatIsNotAppliedIsNamed) {
  Fixture fixture;
  write_files(option_goldens()["cases"].at(0), fixture);
  const auto warnings = [&](const char* config, const char* model_type) {
    fixture.write("tokenizer_config.json", config);
    return Tokenizer::load(fixture.dir(), model_type).warnings();
  };
  const auto found =
      warnings(R"({"tokenizer_class": "GPTNeoXTokenizerFast", "add_prefix_space": false, "model_max_length": 5})", "llama");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_NE(found[0].find("tokenizer_config.json: add_prefix_space of GPTNeoXTokenizer"), std::string::npos) << found[0];
  EXPECT_EQ(warnings(R"({"tokenizer_class": "PreTrainedTokenizerFast", "fix_mistral_regex": true})", "mistral").size(), 1u);
  // transformers does not apply these either.
  EXPECT_TRUE(warnings(R"({"tokenizer_class": "LlamaTokenizer", "add_prefix_space": false})", "mistral").empty());
  EXPECT_TRUE(warnings(R"({"tokenizer_class": "NoSuchTokenizer", "do_lower_case": false})", "llama").empty());
  EXPECT_TRUE(warnings(R"({"do_lower_case": false})", "llama").empty());
}

}  // namespace
}  // namespace hies::text
