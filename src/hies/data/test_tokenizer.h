#pragma once

#include <algorithm>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "hies/base/test_files.h"
#include "hies/data/rows.h"
#include "hies/model/spec.h"
#include "hies/text/test_words.h"
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
    folder.write("tokenizer.json", text::word_tokenizer(names()));
    folder.write("tokenizer_config.json", R"({"bos_token":"<s>","tokenizer_class":"PreTrainedTokenizerFast"})");
    return text::Tokenizer::load(folder.path(), "llama");
  }
};

// What data is loaded with for a language model of so many positions.
struct LanguageData {
  explicit LanguageData(int positions) {
    spec.problem = model::Problem::causal_lm;
    spec.positions = positions;
    options.order = "file";
  }

  TestFolder folder;
  WordTokenizer words{folder};
  model::ModelSpec spec;
  LoadOptions options;
};

}  // namespace hies::data
