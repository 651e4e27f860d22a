#pragma once

#include <algorithm>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "hies/base/json.h"
#include "hies/base/test_files.h"
#include "hies/text/tokenizer.h"

namespace hies::data {

// A tokenizer of whole words and single marks, written into a folder, that puts <s> before every text.
struct WordTokenizer {
  explicit WordTokenizer(TestFolder& folder) : tokenizer(load(folder)) {}

  static const std::vector<std::string>& names() {
    static const std::vector<std::string> names = {"<s>", "[UNK]", "a", "b",      "c",        "d", "A",
                                                   "B",   "C",     "D", "Answer", "Question", ":", "."};
    return names;
  }
  std::vector<std::int32_t> ids(std::string_view text) const {
    std::vector<std::int32_t> ids;
    std::istringstream stream{std::string(text)};
    for (std::string word; stream >> word;) {
      const auto found = std::find(names().begin(), names().end(), word);
      ids.push_back(found == names().end() ? 1 : static_cast<std::int32_t>(found - names().begin()));
    }
    return ids;
  }

  text::Tokenizer tokenizer;

 private:
  static text::Tokenizer load(TestFolder& folder) {
    Json vocabulary = Json::object();
    for (std::size_t id = 0; id < names().size(); ++id) vocabulary[names()[id]] = id;
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
    folder.write("tokenizer.json", document.dump());
    folder.write("tokenizer_config.json", R"({"bos_token":"<s>","tokenizer_class":"PreTrainedTokenizerFast"})");
    return text::Tokenizer::load(folder.path(), "llama");
  }
};

}  // namespace hies::data
