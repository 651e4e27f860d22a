#include "hies/export/gguf_tokenizer.h"

#include <algorithm>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/export/gguf_pre_tokenizer.h"

namespace hies::exports {
namespace {

namespace fs = std::filesystem;
using formats::GgufValue;
using Keys = std::vector<std::pair<std::string, GgufValue>>;

// llama.cpp's numbers of what a token is.
enum Kind : std::int32_t { kNormal = 1, kUnknown = 2, kControl = 3, kUserDefined = 4, kUnused = 5, kByte = 6 };

const std::string kSpace = "\u2581";  // stands for a space in vocabularies of SentencePiece

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) text.replace(at, from.size(), to);
  return text;
}

bool is_byte(const std::string& token) { return token.size() == 6 && token.starts_with("<0x") && token.back() == '>'; }

class TokenizerKeys {
 public:
  explicit TokenizerKeys(const arch::Checkpoint& checkpoint)
      : checkpoint_(checkpoint), path_(checkpoint.folder() / "tokenizer.json"), where_(printable(path_.string(), 500)) {
    if (!is_there(path_))
      throw Error(ErrorKind::bad_input, fmt::format("{} is not there, and a gguf file holds its model's tokenizer", where_),
                  "AutoTokenizer.from_pretrained(…).save_pretrained(…) writes it");
    tokenizer_ = read_json(path_);
    const fs::path config = checkpoint.folder() / "tokenizer_config.json";
    if (is_there(config)) config_ = read_python_json(config);
  }

  Keys take() {
    const Json model = require<Json>(tokenizer_, "model", where_);
    if (value_or<std::string>(model, "type", "", where_) != "BPE") refuse("its model is not BPE");
    sentence_piece_ = value_or<bool>(model, "byte_fallback", false, where_);
    add("model", std::string(sentence_piece_ ? "llama" : "gpt2"));
    add("pre", sentence_piece_ ? std::string("default") : gguf_pre_tokenizer(tokenizer_, where_));
    read_tokens(model);
    read_merges(model);
    add("tokens", tokens_);
    if (sentence_piece_) add("scores", scores_);
    add("token_type", kinds_);
    if (!sentence_piece_) add("merges", merges_);
    add_special();
    add_chat_template();
    return std::move(keys_);
  }

 private:
  void add(const std::string& name, GgufValue value) { keys_.emplace_back("tokenizer.ggml." + name, std::move(value)); }
  [[noreturn]] void refuse(const std::string& what) const {
    throw Error(ErrorKind::unsupported, fmt::format("{}: {}", where_, what),
                "llama.cpp's tokenizers of such models are byte-level BPE, and BPE with byte_fallback as SentencePiece's");
  }

  void put(const std::string& token, std::int64_t id, Kind kind) {
    if (id < 0 || id >= static_cast<std::int64_t>(tokens_.size()))
      bad_input("{}: token '{}' has the id {}, but the model's vocabulary has {} tokens", where_, printable(token), id,
                tokens_.size());
    tokens_[static_cast<std::size_t>(id)] = token;
    kinds_[static_cast<std::size_t>(id)] = kind;
    ids_[token] = static_cast<std::uint32_t>(id);
  }

  void read_tokens(const Json& model) {
    const auto size = static_cast<std::size_t>(checkpoint_.spec().text.vocabulary);
    kinds_.assign(size, kUnused);
    for (std::size_t id = 0; id < size; ++id) tokens_.push_back(fmt::format("[PAD{}]", id));
    const Json vocabulary = require<Json>(model, "vocab", where_);
    if (!vocabulary.is_object()) json_type_error(vocabulary, "vocab", "an object", where_);
    for (const auto& [token, id] : vocabulary.items())
      put(token, detail::json_as<std::int64_t>(id, token, where_), sentence_piece_ && is_byte(token) ? kByte : kNormal);
    const Json* added = find_member(tokenizer_, "added_tokens", where_);
    if (added != nullptr && added->is_array())
      for (const Json& token : *added) {
        const auto text = require<std::string>(token, "content", where_);
        const bool special = value_or<bool>(token, "special", false, where_);
        put(sentence_piece_ && !special ? replaced(text, kSpace, " ") : text, require<std::int64_t>(token, "id", where_),
            special ? kControl : kUserDefined);
      }
    if (sentence_piece_) check_bytes();
    unknown_ = unknown_token(model);
    if (sentence_piece_ && unknown_) kinds_[*unknown_] = kUnknown;
  }

  // llama.cpp aborts at a text with a byte that has no token.
  void check_bytes() const {
    for (int byte = 0; byte < 256; ++byte)
      if (const std::string token = fmt::format("<0x{:02X}>", byte); !ids_.contains(token))
        refuse(fmt::format("it has byte_fallback, but no token {}", token));
  }

  std::optional<std::uint32_t> unknown_token(const Json& model) const {
    const auto text = value_or<std::string>(model, "unk_token", "", where_);
    return text.empty() ? id_in_config("unk") : id_of(text);
  }

  // SentencePiece joins the pair whose token has the highest score, tokenizer.json the pair that stands first.
  void read_merges(const Json& model) {
    const Json merges = require<Json>(model, "merges", where_);
    if (!merges.is_array()) json_type_error(merges, "merges", "a list", where_);
    scores_.assign(tokens_.size(), -static_cast<float>(merges.size()) - 1);
    std::vector<bool> made(tokens_.size());
    float rank = 0;
    for (const Json& merge : merges) {
      std::string first, second;
      if (merge.is_array() && merge.size() == 2) {
        first = detail::json_as<std::string>(merge[0], "merges", where_);
        second = detail::json_as<std::string>(merge[1], "merges", where_);
      } else {
        const auto both = detail::json_as<std::string>(merge, "merges", where_);
        const std::size_t space = both.find(' ');
        if (space == std::string::npos) bad_input("{}: the merge '{}' is not of two parts", where_, printable(both));
        first = both.substr(0, space);
        second = both.substr(space + 1);
      }
      const auto token = id_of(first + second);
      if (token && !made[*token]) {
        scores_[*token] = -rank;
        made[*token] = true;
      }
      if (!sentence_piece_) merges_.push_back(first + ' ' + second);
      ++rank;
    }
    for (std::size_t id = 0; id < tokens_.size(); ++id)
      if (kinds_[id] != kNormal) scores_[id] = 0;
  }

  std::optional<std::uint32_t> id_of(const std::string& token) const {
    const auto found = ids_.find(token);
    return found == ids_.end() ? std::nullopt : std::optional(found->second);
  }

  // The id of bos, eos, unk or pad: the token of tokenizer_config.json, else the id of config.json.
  std::optional<std::uint32_t> id_in_config(const std::string& name) const {
    if (const Json* token = config_.is_object() ? find_member(config_, name + "_token", where_) : nullptr) {
      if (token->is_string()) return id_of(token->get<std::string>());
      if (token->is_object()) return id_of(value_or<std::string>(*token, "content", "", where_));
    }
    const Json* id = find_member(checkpoint_.config(), name + "_token_id", "config.json");
    if (id != nullptr && id->is_array() && !id->empty()) id = &id->front();
    if (id == nullptr || !id->is_number_integer()) return std::nullopt;
    const auto number = id->get<std::int64_t>();
    if (number < 0 || number >= static_cast<std::int64_t>(tokens_.size())) return std::nullopt;
    return static_cast<std::uint32_t>(number);
  }

  // Whether the post-processor puts special tokens before or behind a text; nothing: it does not say.
  std::optional<bool> is_added(bool before) const {
    if (!config_.is_null())
      if (const Json* stated = find_member(config_, before ? "add_bos_token" : "add_eos_token", where_);
          stated && stated->is_boolean())
        return stated->get<bool>();
    const Json* processor = find_member(tokenizer_, "post_processor", where_);
    const Json* step = processor == nullptr ? nullptr : find_step(*processor, "TemplateProcessing");
    if (step == nullptr) return std::nullopt;
    const Json* single = find_member(*step, "single", where_);
    if (single == nullptr || !single->is_array() || single->empty()) return std::nullopt;
    return (before ? single->front() : single->back()).contains("SpecialToken");
  }

  bool space_before() const {
    const Json* normalizer = find_member(tokenizer_, "normalizer", where_);
    if (normalizer != nullptr && find_step(*normalizer, "Prepend") != nullptr) return true;
    const Json* part = find_member(tokenizer_, "pre_tokenizer", where_);
    const Json* step = part == nullptr ? nullptr : find_step(*part, "Metaspace");
    return step != nullptr && value_or<std::string>(*step, "prepend_scheme", "always", where_) != "never" &&
           value_or<bool>(*step, "add_prefix_space", true, where_);
  }

  void add_special() {
    constexpr std::pair<const char*, const char*> kNames[] = {
        {"bos", "bos_token_id"}, {"eos", "eos_token_id"}, {"unk", "unknown_token_id"}, {"pad", "padding_token_id"}};
    for (const auto& [name, key] : kNames)
      if (const auto id = std::string_view(name) == "unk" ? unknown_ : id_in_config(name)) {
        add(key, *id);
        if (kinds_[*id] == kUnused) bad_input("{}: {}_token has the id {}, which is no token's", where_, name, *id);
      }
    add("add_bos_token", is_added(true).value_or(sentence_piece_));
    add("add_eos_token", is_added(false).value_or(false));
    if (sentence_piece_) add("add_space_prefix", space_before());
  }

  void add_chat_template() {
    const fs::path file = checkpoint_.folder() / "chat_template.jinja";
    if (is_there(file)) return void(keys_.emplace_back("tokenizer.chat_template", read_file(file)));
    const Json* text = config_.is_null() ? nullptr : find_member(config_, "chat_template", where_);
    if (text == nullptr) return;
    if (text->is_string()) return void(keys_.emplace_back("tokenizer.chat_template", text->get<std::string>()));
    if (!text->is_array()) return;
    for (const Json& named : *text) {
      const auto name = require<std::string>(named, "name", where_);
      keys_.emplace_back(name == "default" ? "tokenizer.chat_template" : "tokenizer.chat_template." + name,
                         require<std::string>(named, "template", where_));
    }
  }

  const arch::Checkpoint& checkpoint_;
  fs::path path_;
  std::string where_;
  Json tokenizer_, config_;
  bool sentence_piece_ = false;
  Keys keys_;
  std::vector<std::string> tokens_, merges_;
  std::vector<std::int32_t> kinds_;
  std::vector<float> scores_;
  std::optional<std::uint32_t> unknown_;
  std::map<std::string, std::uint32_t, std::less<>> ids_;
};

}  // namespace

Keys gguf_tokenizer(const arch::Checkpoint& checkpoint) { return TokenizerKeys(checkpoint).take(); }

}  // namespace hies::exports
