#include "hies/text/source.h"

#include <algorithm>
#include <vector>

#include "hies/base/error.h"
#include "hies/base/json.h"
#include "hies/text/class_components.h"
#include "hies/text/special_tokens.h"
#include "hies/text/token_files.h"
#include "hies/text/vocabulary_files.h"

namespace hies::text {
namespace {

namespace fs = std::filesystem;
std::string convert_hint(const fs::path& dir) {
  return fmt::format(
      "write a tokenizer.json: python3 -c \"from transformers import AutoTokenizer as A; "
      "A.from_pretrained('{0}').save_pretrained('{0}')\"",
      dir.string());
}

// The file that holds a sentencepiece model under one of the names that transformers gives it; empty: there is none.
std::string sentencepiece_name(const fs::path& dir) {
  for (const char* name : {"sentencepiece.bpe.model", "tokenizer.model", "spiece.model"})
    if (is_there(dir / name)) return name;
  return {};
}

// Options of transformers that change ids and have no counterpart here. Returns a message for each that is set.
std::vector<std::string> unread_options(const TokenizerConfig& config, std::string_view class_name, std::string_view model_type) {
  std::vector<std::string> messages;
  if (config.kind != TokenizerClass::other) return messages;
  if (value_or<bool>(config.json, "fix_mistral_regex", false, config.where))
    messages.push_back(fmt::format("{}: fix_mistral_regex is not applied: words are split as tokenizer.json says", config.where));
  // For Mistral's models transformers takes tokenizer.json as it stands, too.
  if (!is_unread_class(class_name) || model_type == "mistral") return messages;
  for (const char* option : {"add_prefix_space", "do_lower_case", "strip_accents", "tokenize_chinese_chars", "keep_accents",
                             "remove_space", "split_by_punct", "legacy"}) {
    const Json* value = find_member(config.json, option, config.where);
    if (value != nullptr && value->is_boolean())
      messages.push_back(fmt::format("{}: {} of {} is not applied: tokenizer.json is read as it stands", config.where, option,
                                     printable(class_name)));
  }
  return messages;
}

std::string truncation_side(const TokenizerConfig& config) {
  auto side = value_or<std::string>(config.json, "truncation_side", "right", config.where);
  if (side != "right" && side != "left")
    bad_input("{}: truncation_side '{}' is neither right nor left", config.where, printable(side));
  return side;
}

// Returns true if transformers gives a model of this type no type ids, although it reads them.
bool without_type_ids(const TokenizerConfig& config, std::string_view class_name, std::string_view model_type) {
  if (model_type != "bert") return false;
  const Json* names = find_member(config.json, "model_input_names", config.where);
  if (names != nullptr && names->is_array()) return std::find(names->begin(), names->end(), "token_type_ids") == names->end();
  const bool has = config.kind == TokenizerClass::bert || config.kind == TokenizerClass::other;
  return !has || class_name.starts_with("DistilBert");
}

Json overrides_of(const fs::path& dir, const TokenizerConfig& config, std::string_view class_name, std::string_view model_type,
                  bool has_document) {
  AddedTokens tokens = added_tokens(dir, config.json, config.kind, config.where, has_document);
  Json result = {{"added_tokens", std::move(tokens.list)}};
  // For a tokenizer.json of another kind of model than the class is for.
  if (config.kind == TokenizerClass::bert) result["bert_normalizer"] = bert_normalizer(config);
  if (config.kind == TokenizerClass::roberta || config.kind == TokenizerClass::gpt2) {
    result["add_prefix_space"] = value_or<bool>(config.json, "add_prefix_space", false, config.where);
  }
  result["truncate_left"] = truncation_side(config) == "left";
  const Json* side = find_member(config.json, "truncation_side", config.where);
  result["class"] = {{"components", class_components(config)},
                     {"decoder_tokens", tokens.decoder ? Json(*tokens.decoder) : Json()},
                     {"numbered_tokens", std::move(tokens.numbered)},
                     {"special_names", std::move(tokens.special)},
                     {"encode_special_tokens", value_or<bool>(config.json, "split_special_tokens", false, config.where)},
                     {"truncate_as_document", side == nullptr || side->is_null()},
                     {"no_type_ids", without_type_ids(config, class_name, model_type)}};
  return result;
}

std::optional<std::int64_t> model_max_length(const TokenizerConfig& config) {
  // Read as floating-point, because transformers writes 1000000000000000019884624838656 for "no limit". max_len is the older name.
  double value = value_or<double>(config.json, "max_len", 1e30, config.where);
  if (find_member(config.json, "model_max_length", config.where) != nullptr)
    value = value_or<double>(config.json, "model_max_length", 1e30, config.where);
  if (value >= 1e9) return std::nullopt;
  if (value < 1) bad_input("{}: model_max_length {} is less than 1", config.where, value);
  return static_cast<std::int64_t>(value);
}

// Returns the class that one of the two files names; empty if neither does.
std::string class_name(const fs::path& dir, const TokenizerConfig& config) {
  auto name = value_or<std::string>(config.json, "tokenizer_class", "", config.where);
  const fs::path model_config = dir / "config.json";
  if (name.empty() && is_there(model_config))
    name = value_or<std::string>(read_python_json(model_config), "tokenizer_class", "", model_config.string());
  return name;
}

bool is_byte_pairs(TokenizerClass kind) {
  return kind == TokenizerClass::roberta || kind == TokenizerClass::gpt2 || kind == TokenizerClass::qwen2;
}

// Reads what a directory without a tokenizer.json has.
void read_vocabulary_files(const fs::path& dir, const TokenizerConfig& config, std::string_view model_type, Source& source) {
  const auto has = [&](const char* name) { return is_there(dir / name); };
  const bool has_merges = has("vocab.json") && has("merges.txt");
  if (has("vocab.txt") && config.kind == TokenizerClass::bert) {
    source.name = (dir / "vocab.txt").string();
    source.document = wordpiece_document(dir / "vocab.txt", config);
  } else if (has_merges && is_byte_pairs(config.kind)) {
    source.name = fmt::format("{} with merges.txt", (dir / "vocab.json").string());
    source.document = byte_level_document(dir / "vocab.json", dir / "merges.txt", config);
  } else if (const std::string name = sentencepiece_name(dir); !name.empty()) {
    throw Error(ErrorKind::unsupported,
                fmt::format("{}: the tokenizer is there only as a sentencepiece model, {}", dir.string(), name),
                convert_hint(dir));
  } else if (has("vocab.txt") || has_merges) {
    throw Error(
        ErrorKind::unsupported,
        fmt::format("{}: without a tokenizer.json, vocab.txt is read for BERT, vocab.json with merges.txt for RoBERTa, GPT-2 and "
                    "Qwen2, but the model is of type '{}'",
                    dir.string(), printable(model_type)),
        convert_hint(dir));
  } else {
    throw Error(ErrorKind::bad_input,
                fmt::format("{}: no tokenizer: looked for tokenizer.json, vocab.txt, vocab.json with merges.txt", dir.string()),
                "copy the tokenizer files from the checkpoint that the model was fine-tuned from");
  }
}

}  // namespace

Source read_source(const fs::path& dir, std::string_view model_type) {
  TokenizerConfig config{
      .json = read_tokenizer_config(dir), .where = (dir / "tokenizer_config.json").string(), .kind = TokenizerClass::other};
  Source source;
  const fs::path file = dir / "tokenizer.json";
  const bool has_document = is_there(file);
  if (has_document) {
    source.name = file.string();
    source.document = read_token_file(file);
  }
  const std::string name = class_name(dir, config);
  config.kind = tokenizer_class({.model_type = model_type,
                                 .tokenizer_class = name,
                                 .byte_level_document = source.document.find("\"ByteLevel\"") != std::string::npos});
  if (!has_document) read_vocabulary_files(dir, config, model_type, source);
  source.overrides = overrides_of(dir, config, name, model_type, has_document);
  source.warnings = unread_options(config, name, model_type);
  for (const char* role : {"bos_token", "eos_token"}) {
    std::string token = special_token(config.json, config.kind, role, config.where);
    if (!token.empty()) source.prefixes.push_back(std::move(token));
  }
  source.model_max_length = model_max_length(config);
  return source;
}

}  // namespace hies::text
