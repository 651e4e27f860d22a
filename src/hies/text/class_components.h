#pragma once

#include <string>
#include <string_view>

#include "hies/base/json.h"
#include "hies/text/tokenizer_class.h"

namespace hies::text {

// A configuration (of read_tokenizer_config), its file for errors, and the class it is of.
struct TokenizerConfig {
  Json json;
  std::string where;
  TokenizerClass kind;
};

// Returns null, true or false of an option of the configuration.
Json optional_flag(const TokenizerConfig& config, std::string_view key);

// Returns the options of BERT's normalizer: "lowercase", "strip_accents", "handle_chinese_chars".
Json bert_normalizer(const TokenizerConfig& config);

// Returns BERT's post-processor: `cls` before every text, `sep` behind each of the one or two. Its ids are {"id_of": token}, as in the
// components.
Json bert_template(const std::string& cls, const std::string& sep);

// Returns a post-processor that puts `begin` before every text and `end` behind it, where they are not empty. Its ids are
// those of bert_template.
Json begin_and_end_template(const std::string& begin, const std::string& end);

// Returns what the class builds around a vocabulary, "components" of rust/include/hies_tokenizer.h; null for a tokenizer.json as it
// stands.
Json class_components(const TokenizerConfig& config);

}  // namespace hies::text
