#pragma once

#include <string>
#include <vector>

#include "hies/base/json.h"

namespace hies::text {

// Returns an entry of a tokenizer.json's added tokens: a special one, which takes no space with it.
inline Json added_token(int id, const std::string& content) {
  return {{"id", id},        {"content", content},  {"single_word", false}, {"lstrip", false},
          {"rstrip", false}, {"normalized", false}, {"special", true}};
}

// Returns a tokenizer.json of whole words and punctuation marks, with ids from 0 in the given order, that adds <s> (0) before
// every text.
inline std::string word_tokenizer(const std::vector<std::string>& names) {
  Json vocabulary = Json::object();
  for (std::size_t id = 0; id < names.size(); ++id) vocabulary[names[id]] = id;
  const Json special = {{"SpecialToken", {{"id", "<s>"}, {"type_id", 0}}}};
  const Json sequence = {{"Sequence", {{"id", "A"}, {"type_id", 0}}}};
  const Json document = {{"version", "1.0"},
                         {"added_tokens", Json::array()},
                         {"normalizer", nullptr},
                         {"pre_tokenizer", {{"type", "Whitespace"}}},
                         {"post_processor",
                          {{"type", "TemplateProcessing"},
                           {"single", Json::array({special, sequence})},
                           {"pair", Json::array({special, sequence})},
                           {"special_tokens", {{"<s>", {{"id", "<s>"}, {"ids", {0}}, {"tokens", {"<s>"}}}}}}}},
                         {"decoder", nullptr},
                         {"model", {{"type", "WordLevel"}, {"vocab", vocabulary}, {"unk_token", "[UNK]"}}}};
  return document.dump();
}

}  // namespace hies::text
