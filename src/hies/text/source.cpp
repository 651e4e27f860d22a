#include "hies/text/source.h"

#include <vector>

#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/base/lfs_pointer.h"
#include "hies/base/plain_text.h"
#include "hies/text/special_tokens.h"

namespace hies::text {
namespace {

namespace fs = std::filesystem;
// Not base's Json, whose objects find a key by linear search: a vocabulary has 10⁴ … 10⁵ entries.
using Lookup = nlohmann::json;

struct Config {
  Json json;
  std::string where;
  TokenizerClass kind;
};

// Reads a file whose content is not parsed as JSON here.
std::string read_content(const fs::path& path) {
  std::string content = read_file(path);
  refuse_lfs_pointer(content, path.string());
  return content;
}

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

// Returns null, true or false, like strip_accents in transformers.
Json optional_flag(const Config& config, std::string_view key) {
  const Json* value = find_member(config.json, key, config.where);
  return value == nullptr || value->is_null() ? Json() : Json(value_or<bool>(config.json, key, false, config.where));
}

Json overrides_of(const Config& config) {
  Json result = {{"added_tokens", added_tokens(config.json, config.kind, config.where)}};
  if (config.kind == TokenizerClass::bert) {
    // transformers sets these defaults even if tokenizer.json has other values and tokenizer_config.json has none.
    result["bert_normalizer"] = {
        {"lowercase", value_or<bool>(config.json, "do_lower_case", true, config.where)},
        {"strip_accents", optional_flag(config, "strip_accents")},
        {"handle_chinese_chars", value_or<bool>(config.json, "tokenize_chinese_chars", true, config.where)}};
  }
  if (config.kind == TokenizerClass::roberta || config.kind == TokenizerClass::gpt2) {
    result["add_prefix_space"] = value_or<bool>(config.json, "add_prefix_space", false, config.where);
  }
  const std::string side = value_or<std::string>(config.json, "truncation_side", "right", config.where);
  if (side != "right" && side != "left")
    bad_input("{}: truncation_side '{}' is neither right nor left", config.where, printable(side));
  result["truncate_left"] = side == "left";
  return result;
}

std::optional<std::int64_t> model_max_length(const Config& config) {
  // Read as floating-point, because transformers writes 1000000000000000019884624838656 for "no limit".
  const double value = value_or<double>(config.json, "model_max_length", 1e30, config.where);
  if (value >= 1e9) return std::nullopt;
  if (value < 1) bad_input("{}: model_max_length {} is less than 1", config.where, value);
  return static_cast<std::int64_t>(value);
}

// Returns the lines of `text`; there is no empty line after the last line end.
std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  Lines all(without_byte_order_mark(text));
  for (std::string_view line; all.next(line);) lines.emplace_back(line);
  return lines;
}

std::int64_t id_of(const Lookup& vocabulary, const Config& config, std::string_view role, const fs::path& path) {
  const std::string token = special_token(config.json, config.kind, role, config.where);
  const auto found = vocabulary.find(token);
  if (found == vocabulary.end()) {
    throw Error(ErrorKind::bad_input, fmt::format("{}: {} '{}' is not in the vocabulary", path.string(), role, printable(token)),
                fmt::format("name the special tokens in {}", config.where));
  }
  return found->get<std::int64_t>();
}

std::string dump(const Lookup& document, const fs::path& path) {
  try {
    return document.dump();
  } catch (const nlohmann::json::exception&) {
    bad_input("{}: the file is not valid UTF-8", path.string());
  }
}

std::string wordpiece_document(const fs::path& path, const Config& config) {
  Lookup vocabulary = Lookup::object();
  std::int64_t next = 0;
  for (const std::string& token : lines_of(read_content(path))) vocabulary[token] = next++;
  const std::int64_t cls = id_of(vocabulary, config, "cls_token", path), sep = id_of(vocabulary, config, "sep_token", path);
  id_of(vocabulary, config, "unk_token", path);
  const std::string cls_token = special_token(config.json, config.kind, "cls_token", config.where);
  const std::string sep_token = special_token(config.json, config.kind, "sep_token", config.where);
  const auto special = [](const std::string& token, int type) -> Lookup {
    return {{"SpecialToken", {{"id", token}, {"type_id", type}}}};
  };
  const auto text = [](const char* which, int type) -> Lookup { return {{"Sequence", {{"id", which}, {"type_id", type}}}}; };
  const auto token = [](const std::string& content, std::int64_t id) -> Lookup {
    return {{"id", content}, {"ids", Lookup::array({id})}, {"tokens", Lookup::array({content})}};
  };
  const Lookup single = {special(cls_token, 0), text("A", 0), special(sep_token, 0)};
  const Lookup pair = {special(cls_token, 0), text("A", 0), special(sep_token, 0), text("B", 1), special(sep_token, 1)};
  return dump({{"version", "1.0"},
               {"added_tokens", Lookup::array()},
               {"normalizer",
                {{"type", "BertNormalizer"},
                 {"clean_text", true},
                 {"handle_chinese_chars", true},
                 {"strip_accents", nullptr},
                 {"lowercase", true}}},
               {"pre_tokenizer", {{"type", "BertPreTokenizer"}}},
               {"post_processor",
                {{"type", "TemplateProcessing"},
                 {"single", single},
                 {"pair", pair},
                 {"special_tokens", {{cls_token, token(cls_token, cls)}, {sep_token, token(sep_token, sep)}}}}},
               {"decoder", nullptr},
               {"model",
                {{"type", "WordPiece"},
                 {"unk_token", special_token(config.json, config.kind, "unk_token", config.where)},
                 {"continuing_subword_prefix", "##"},
                 {"max_input_chars_per_word", 100},
                 {"vocab", std::move(vocabulary)}}}},
              path);
}

Lookup read_vocabulary(const fs::path& path) {
  Lookup vocabulary;
  try {
    vocabulary = Lookup::parse(read_content(path));
  } catch (const nlohmann::json::exception& error) {
    bad_input("{}: {}", path.string(), printable(error.what(), 200));
  }
  if (!vocabulary.is_object()) bad_input("{}: not a JSON object from tokens to ids", path.string());
  for (const auto& [token, id] : vocabulary.items()) {
    if (!id.is_number_unsigned()) bad_input("{}: the id of '{}' is not a number from 0", path.string(), printable(token));
  }
  return vocabulary;
}

Lookup read_merges(const fs::path& path) {
  Lookup merges = Lookup::array();
  std::int64_t number = 0;
  for (const std::string& line : lines_of(read_content(path))) {
    ++number;
    if (line.empty() || line.starts_with("#version")) continue;
    const std::size_t space = line.find(' ');
    if (space == std::string::npos || space == 0 || space + 1 == line.size() || line.find(' ', space + 1) != std::string::npos) {
      bad_input("{}:{}: '{}' is not two tokens with a space between", path.string(), number, printable(line));
    }
    merges.push_back(Lookup::array({line.substr(0, space), line.substr(space + 1)}));
  }
  return merges;
}

std::string byte_level_document(const fs::path& vocab_path, const fs::path& merges_path, const Config& config) {
  Lookup vocabulary = read_vocabulary(vocab_path);
  const auto special = [&](std::string_view role) {
    return Lookup::array(
        {special_token(config.json, config.kind, role, config.where), id_of(vocabulary, config, role, vocab_path)});
  };
  Lookup document = {{"version", "1.0"},
                     {"added_tokens", Lookup::array()},
                     {"normalizer", nullptr},
                     {"pre_tokenizer", {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}}},
                     {"post_processor", nullptr},
                     {"decoder", nullptr},
                     {"model",
                      {{"type", "BPE"},
                       {"dropout", nullptr},
                       {"unk_token", nullptr},
                       {"continuing_subword_prefix", ""},
                       {"end_of_word_suffix", ""},
                       {"fuse_unk", false},
                       {"merges", read_merges(merges_path)}}}};
  if (config.kind == TokenizerClass::roberta) {
    document["post_processor"] = {{"type", "RobertaProcessing"}, {"trim_offsets", true}, {"add_prefix_space", false}};
    document["post_processor"]["cls"] = special("cls_token");
    document["post_processor"]["sep"] = special("sep_token");
  }
  document["model"]["vocab"] = std::move(vocabulary);
  return dump(document, merges_path);
}

}  // namespace

Source read_source(const fs::path& dir, std::string_view model_type) {
  const auto has = [&](const char* name) { return is_there(dir / name); };
  const std::string where = (dir / "tokenizer_config.json").string();
  Config config{.json = read_tokenizer_config(dir), .where = where, .kind = TokenizerClass::other};
  config.kind = tokenizer_class(config.json, model_type, where);

  Source source;
  if (has("tokenizer.json")) {
    source.name = (dir / "tokenizer.json").string();
    source.document = read_content(dir / "tokenizer.json");
  } else if (has("vocab.txt") && config.kind == TokenizerClass::bert) {
    source.name = (dir / "vocab.txt").string();
    source.document = wordpiece_document(dir / "vocab.txt", config);
  } else if (has("vocab.json") && has("merges.txt") &&
             (config.kind == TokenizerClass::roberta || config.kind == TokenizerClass::gpt2)) {
    source.name = fmt::format("{} with merges.txt", (dir / "vocab.json").string());
    source.document = byte_level_document(dir / "vocab.json", dir / "merges.txt", config);
  } else if (const std::string name = sentencepiece_name(dir); !name.empty()) {
    throw Error(ErrorKind::unsupported,
                fmt::format("{}: the tokenizer is there only as a sentencepiece model, {}", dir.string(), name),
                convert_hint(dir));
  } else if (has("vocab.txt") || (has("vocab.json") && has("merges.txt"))) {
    throw Error(
        ErrorKind::unsupported,
        fmt::format("{}: without a tokenizer.json, vocab.txt is read for BERT, vocab.json with merges.txt for RoBERTa and GPT-2, "
                    "but the model is of type '{}'",
                    dir.string(), printable(model_type)),
        convert_hint(dir));
  } else {
    throw Error(ErrorKind::bad_input,
                fmt::format("{}: no tokenizer: looked for tokenizer.json, vocab.txt, vocab.json with merges.txt", dir.string()),
                "copy the tokenizer files from the checkpoint that the model was fine-tuned from");
  }
  source.overrides = overrides_of(config);
  for (const char* role : {"bos_token", "eos_token"}) {
    std::string token = special_token(config.json, config.kind, role, config.where);
    if (!token.empty()) source.prefixes.push_back(std::move(token));
  }
  source.model_max_length = model_max_length(config);
  return source;
}

}  // namespace hies::text
