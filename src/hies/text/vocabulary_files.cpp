#include "hies/text/vocabulary_files.h"

#include <vector>

#include "hies/base/error.h"
#include "hies/base/plain_text.h"
#include "hies/text/special_tokens.h"
#include "hies/text/token_files.h"

namespace hies::text {
namespace {

namespace fs = std::filesystem;
// Not base's Json, whose objects find a key by linear search: a vocabulary has 10⁴ … 10⁵ entries.
using Lookup = nlohmann::json;

// Returns the lines of `text` without white space at their ends; there is no empty line after the last line end.
std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  Lines all(text);
  for (std::string_view line; all.next(line);) lines.emplace_back(line.substr(0, line.find_last_not_of(" \t\r\f\v") + 1));
  return lines;
}

std::int64_t id_of(const Lookup& vocabulary, const TokenizerConfig& config, std::string_view role, const fs::path& path) {
  const std::string token = special_token(config.json, config.kind, role, config.where);
  const auto found = vocabulary.find(token);
  if (found == vocabulary.end()) {
    throw Error(ErrorKind::bad_input, fmt::format("{}: {} '{}' is not in the vocabulary", path.string(), role, printable(token)),
                fmt::format("name the special tokens in {}", config.where));
  }
  return found->get<std::int64_t>();
}

// Returns the template with the ids of its tokens.
Lookup filled(const Json& post_processor, const Lookup& vocabulary) {
  Lookup result(post_processor);
  for (auto& [token, entry] : result["special_tokens"].items()) entry["ids"] = Lookup::array({vocabulary.at(token)});
  return result;
}

std::string dump(const Lookup& document, const fs::path& path) {
  try {
    return document.dump();
  } catch (const nlohmann::json::exception&) {
    bad_input("{}: the file is not valid UTF-8", path.string());
  }
}

}  // namespace

std::string wordpiece_document(const fs::path& path, const TokenizerConfig& config) {
  Lookup vocabulary = Lookup::object();
  std::int64_t next = 0;
  for (const std::string& token : lines_of(read_token_file(path))) vocabulary[token] = next++;
  for (const char* role : {"cls_token", "sep_token", "unk_token"}) id_of(vocabulary, config, role, path);
  const std::string cls_token = special_token(config.json, config.kind, "cls_token", config.where);
  const std::string sep_token = special_token(config.json, config.kind, "sep_token", config.where);
  const Lookup post_processor = filled(bert_template(cls_token, sep_token), vocabulary);
  return dump({{"version", "1.0"},
               {"added_tokens", Lookup::array()},
               {"normalizer",
                {{"type", "BertNormalizer"},
                 {"clean_text", true},
                 {"handle_chinese_chars", true},
                 {"strip_accents", nullptr},
                 {"lowercase", true}}},
               {"pre_tokenizer", {{"type", "BertPreTokenizer"}}},
               {"post_processor", post_processor},
               {"decoder", nullptr},
               {"model",
                {{"type", "WordPiece"},
                 {"unk_token", special_token(config.json, config.kind, "unk_token", config.where)},
                 {"continuing_subword_prefix", "##"},
                 {"max_input_chars_per_word", 100},
                 {"vocab", std::move(vocabulary)}}}},
              path);
}

namespace {

Lookup read_vocabulary(const fs::path& path) {
  Lookup vocabulary;
  try {
    vocabulary = Lookup::parse(read_token_file(path));
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
  for (const std::string& line : lines_of(read_token_file(path))) {
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

}  // namespace

std::string byte_level_document(const fs::path& vocab_path, const fs::path& merges_path, const TokenizerConfig& config) {
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
  // With a tokenizer.json transformers does not read these two options.
  const auto around = [&](std::string_view option, std::string_view role) {
    if (!value_or<bool>(config.json, option, false, config.where)) return std::string();
    id_of(vocabulary, config, role, vocab_path);
    return special_token(config.json, config.kind, role, config.where);
  };
  if (config.kind != TokenizerClass::roberta) {
    const std::string begin = around("add_bos_token", "bos_token"), end = around("add_eos_token", "eos_token");
    if (!begin.empty() || !end.empty()) document["post_processor"] = filled(begin_and_end_template(begin, end), vocabulary);
  } else {
    document["post_processor"] = {{"type", "RobertaProcessing"}, {"trim_offsets", true}, {"add_prefix_space", false}};
    document["post_processor"]["cls"] = special("cls_token");
    document["post_processor"]["sep"] = special("sep_token");
  }
  document["model"]["vocab"] = std::move(vocabulary);
  return dump(document, merges_path);
}

}  // namespace hies::text
