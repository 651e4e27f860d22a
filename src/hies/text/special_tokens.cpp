#include "hies/text/special_tokens.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "hies/base/error.h"
#include "hies/base/files.h"

namespace hies::text {
namespace {

// The roles in the order of transformers' SPECIAL_TOKENS_ATTRIBUTES.
constexpr std::array kRoles = {"bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"};

std::string_view default_token(TokenizerClass kind, std::string_view role) {
  constexpr std::pair<std::string_view, std::string_view> kBert[] = {
      {"unk_token", "[UNK]"}, {"sep_token", "[SEP]"}, {"pad_token", "[PAD]"}, {"cls_token", "[CLS]"}, {"mask_token", "[MASK]"}};
  constexpr std::pair<std::string_view, std::string_view> kRoberta[] = {
      {"bos_token", "<s>"},   {"eos_token", "</s>"}, {"unk_token", "<unk>"},  {"sep_token", "</s>"},
      {"pad_token", "<pad>"}, {"cls_token", "<s>"},  {"mask_token", "<mask>"}};
  constexpr std::pair<std::string_view, std::string_view> kGpt2[] = {
      {"bos_token", "<|endoftext|>"}, {"eos_token", "<|endoftext|>"}, {"unk_token", "<|endoftext|>"}};
  constexpr std::pair<std::string_view, std::string_view> kLlama[] = {
      {"bos_token", "<s>"}, {"eos_token", "</s>"}, {"unk_token", "<unk>"}};
  constexpr std::pair<std::string_view, std::string_view> kQwen2[] = {{"eos_token", "<|endoftext|>"},
                                                                      {"pad_token", "<|endoftext|>"}};
  const auto find = [&](const auto& table) -> std::string_view {
    for (const auto& [name, token] : table) {
      if (name == role) return token;
    }
    return {};
  };
  switch (kind) {
    case TokenizerClass::bert: return find(kBert);
    case TokenizerClass::roberta: return find(kRoberta);
    case TokenizerClass::gpt2: return find(kGpt2);
    case TokenizerClass::llama: return find(kLlama);
    case TokenizerClass::qwen2: return find(kQwen2);
    case TokenizerClass::other: break;
  }
  return {};
}

// Converts a token, which is its text or an object with "content" and flags, to an entry of the overrides.
std::string content_of(const Json& token, std::string_view role, std::string_view where) {
  if (token.is_object()) return require<std::string>(token, "content", where);
  if (!token.is_string()) json_type_error(token, role, "a string or an object with content", where);
  return token.get<std::string>();
}

Json entry(std::string content, bool special) {
  return {{"content", std::move(content)}, {"single_word", false}, {"lstrip", false},       {"rstrip", false},
          {"normalized", !special},        {"special", special},   {"only_if_known", false}};
}

Json entry_of(const Json& token, bool special, std::string_view role, std::string_view where) {
  if (token.is_object()) special = value_or<bool>(token, "special", special, where);
  Json result = entry(content_of(token, role, where), special);
  if (token.is_object()) {
    for (const char* flag : {"single_word", "lstrip", "rstrip", "normalized"}) {
      result[flag] = value_or<bool>(token, flag, result[flag].get<bool>(), where);
    }
  }
  return result;
}

const Json* named(const Json& config, std::string_view key, std::string_view where) {
  const Json* value = find_member(config, key, where);
  return value == nullptr || value->is_null() ? nullptr : value;
}

// Appends the tokens of {"id": token, …} in the order of their ids.
void append_decoder(const Json& decoder, std::string_view where, Json& tokens) {
  if (!decoder.is_object()) json_type_error(decoder, "added_tokens_decoder", "an object", where);
  std::vector<std::pair<std::int64_t, const Json*>> by_id;
  for (const auto& [id, token] : decoder.items()) {
    const bool is_number = !id.empty() && id.size() < 10 && id.find_first_not_of("0123456789") == std::string::npos;
    if (!is_number) bad_input("{}: added_tokens_decoder: '{}' is not a token id", where, printable(id));
    by_id.emplace_back(std::stoll(id), &token);
  }
  std::ranges::stable_sort(by_id, {}, &std::pair<std::int64_t, const Json*>::first);
  for (const auto& [id, token] : by_id) tokens.push_back(entry_of(*token, false, "added_tokens_decoder", where));
}

}  // namespace

Json read_tokenizer_config(const std::filesystem::path& dir) {
  const std::filesystem::path path = dir / "tokenizer_config.json", map_path = dir / "special_tokens_map.json";
  Json config = is_there(path) ? read_json(path) : Json::object();
  if (named(config, "added_tokens_decoder", path.string()) != nullptr || !is_there(map_path)) return config;
  const Json map = read_json(map_path);
  for (const char* role : kRoles) {
    if (const Json* token = named(map, role, map_path.string())) config[role] = *token;
  }
  if (const Json* more = named(map, "additional_special_tokens", map_path.string())) config["additional_special_tokens"] = *more;
  return config;
}

TokenizerClass tokenizer_class(const Json& config, std::string_view model_type, std::string_view where) {
  std::string name = value_or<std::string>(config, "tokenizer_class", "", where);
  if (name.ends_with("Fast")) name.resize(name.size() - 4);
  if (name.empty()) {
    if (model_type == "bert" || model_type == "distilbert") return TokenizerClass::bert;
    if (model_type == "roberta") return TokenizerClass::roberta;
    return model_type == "gpt2" ? TokenizerClass::gpt2 : TokenizerClass::other;
  }
  if (name == "BertTokenizer" || name == "DistilBertTokenizer") return TokenizerClass::bert;
  if (name == "RobertaTokenizer") return TokenizerClass::roberta;
  if (name == "GPT2Tokenizer") return TokenizerClass::gpt2;
  if (name == "LlamaTokenizer" || name == "CodeLlamaTokenizer") return TokenizerClass::llama;
  return name == "Qwen2Tokenizer" ? TokenizerClass::qwen2 : TokenizerClass::other;
}

std::string special_token(const Json& config, TokenizerClass kind, std::string_view role, std::string_view where) {
  const Json* token = named(config, role, where);
  return token != nullptr ? content_of(*token, role, where) : std::string(default_token(kind, role));
}

Json added_tokens(const Json& config, TokenizerClass kind, std::string_view where) {
  Json tokens = Json::array();
  if (const Json* decoder = named(config, "added_tokens_decoder", where)) append_decoder(*decoder, where, tokens);
  for (const std::string_view role : kRoles) {
    const Json* token = named(config, role, where);
    const std::string_view fallback = default_token(kind, role);
    if (token == nullptr && fallback.empty()) continue;
    Json added = token != nullptr ? entry_of(*token, true, role, where) : entry(std::string(fallback), true);
    added["special"] = true;
    added["only_if_known"] = token == nullptr;
    // RoBERTa's mask token includes the space before it, as in the tokenizer.json that its authors published.
    const bool has_flags = token != nullptr && token->is_object();
    if (kind == TokenizerClass::roberta && role == "mask_token" && !has_flags) added["lstrip"] = true;
    tokens.push_back(std::move(added));
  }
  for (const char* list : {"additional_special_tokens", "extra_special_tokens"}) {
    const Json* more = named(config, list, where);
    if (more == nullptr) continue;
    if (!more->is_structured()) json_type_error(*more, list, "a list of tokens", where);
    for (const Json& token : *more) tokens.push_back(entry_of(token, true, list, where));
  }
  return tokens;
}

}  // namespace hies::text
