#include "hies/text/special_tokens.h"

#include <algorithm>
#include <array>
#include <utility>

#include "hies/base/error.h"
#include "hies/text/token_files.h"

namespace hies::text {
namespace {

namespace fs = std::filesystem;

// The roles in the order of transformers' SPECIAL_TOKENS_ATTRIBUTES.
constexpr std::array kRoles = {"bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"};
constexpr const char* kExtra = "extra_special_tokens";
constexpr const char* kAdditional = "additional_special_tokens";  // the older name of kExtra
constexpr const char* kOwn = "model_specific_special_tokens";     // an object: tokens under names of their own

bool is_role(std::string_view key) { return std::ranges::find(kRoles, key) != kRoles.end(); }

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

// Collects what a configuration names, beside added_tokens_decoder.
class NamedTokens {
 public:
  NamedTokens(const Json& config, TokenizerClass kind, std::string_view where, bool has_document, AddedTokens& into)
      : config_(config), kind_(kind), where_(where), has_document_(has_document), into_(into) {}

  void append_roles() {
    for (const char* role : kRoles) {
      const Json* token = named(config_, role, where_);
      const std::string_view fallback = default_special_token(kind_, role);
      if (token == nullptr && fallback.empty()) continue;
      Json added = token != nullptr ? entry_of(*token, true, role, where_) : entry(std::string(fallback), true);
      added["special"] = true;
      added["only_if_known"] = token == nullptr;
      // Published files of RoBERTa have a mask token that includes the space before it.
      const bool has_flags = token != nullptr && token->is_object();
      if (has_document_ && kind_ == TokenizerClass::roberta && std::string_view(role) == "mask_token" && !has_flags)
        added["lstrip"] = true;
      append_named(std::move(added));
    }
  }

  // Appends tokens under names of their own: "image_token": "<image>", and objects of extra special tokens.
  void append_own_names() {
    for (const auto& [key, value] : config_.items()) {
      const bool is_token = value.is_string() || (value.is_object() && value.contains("content"));
      if (key.ends_with("_token") && !is_role(key) && is_token) append_named(entry_of(value, true, key, where_));
    }
    if (kind_ == TokenizerClass::code_llama) append_infilling_tokens();
    if (const Json* own = named(config_, kOwn, where_))
      for (const auto& [name, token] : own->items()) append_named(entry_of(token, true, kOwn, where_));
  }

  void append_lists() {
    const Json* more = named(config_, kExtra, where_);
    if (more == nullptr) return;
    for (const Json& token : *more) into_.list.push_back(entry_of(token, true, kExtra, where_));
  }

 private:
  void append_infilling_tokens() {
    constexpr std::pair<const char*, const char*> kDefaults[] = {{"prefix_token", "▁<PRE>"},
                                                                 {"middle_token", "▁<MID>"},
                                                                 {"suffix_token", "▁<SUF>"},
                                                                 {"eot_token", "▁<EOT>"},
                                                                 {"fill_token", "<FILL_ME>"}};
    for (const auto& [key, content] : kDefaults) {
      if (config_.contains(key)) continue;  // named, or null for none
      Json added = entry(content, true);
      added["only_if_known"] = true;
      append_named(std::move(added));
    }
  }

  void append_named(Json added) {
    into_.special.push_back(added["content"].get<std::string>());
    into_.list.push_back(std::move(added));
  }

  const Json& config_;
  TokenizerClass kind_;
  std::string_view where_;
  bool has_document_;
  AddedTokens& into_;
};

// Reads {"token": id, …}, which older tokenizers saved. `special`: tokens that the configuration names.
Json numbered_tokens(const fs::path& path, const std::vector<std::string>& special) {
  Json tokens = Json::array();
  const Json json = read_token_json(path);
  if (!json.is_object()) json_type_error(json, "the file", "an object from tokens to ids", path.string());
  for (const auto& [content, id] : json.items()) {
    if (!id.is_number_unsigned() || id.get<std::uint64_t>() > INT32_MAX)
      bad_input("{}: the id of '{}' is not a number from 0", path.string(), printable(content));
    const bool is_special = std::ranges::find(special, content) != special.end();
    tokens.push_back({{"id", id}, {"content", content}, {"special", is_special}});
  }
  return tokens;
}

// Brings lists and objects of extra special tokens into one form: a list in kExtra, an object in kOwn.
void put_extra(const Json& tokens, const std::string& where, Json& config) {
  if (tokens.is_object()) {
    for (const auto& [name, token] : tokens.items()) config[kOwn][name] = token;
  } else if (tokens.is_array()) {
    config[kExtra] = tokens;
  } else {
    json_type_error(tokens, kExtra, "a list of tokens, or an object of them", where);
  }
}

void normalize_extra(const std::string& where, Json& config) {
  if (const Json* own = named(config, kOwn, where); own != nullptr && !own->is_object())
    json_type_error(*own, kOwn, "an object of tokens", where);
  const Json* newer = named(config, kExtra, where);
  const char* key = newer == nullptr || newer->empty() ? kAdditional : kExtra;
  const Json* tokens = named(config, key, where);
  const Json extra = tokens == nullptr ? Json() : *tokens;
  config.erase(kAdditional);
  config.erase(kExtra);
  if (!extra.is_null()) put_extra(extra, where, config);
}

void merge_map(const Json& map, const std::string& where, Json& config) {
  for (const auto& [key, token] : map.items())
    if (key.ends_with("_token") && !token.is_null()) config[key] = token;
  if (const Json* extra = named(map, kExtra, where)) {
    Json all = *extra;
    if (extra->is_array() && config.contains(kExtra)) {
      all = config[kExtra];
      for (const Json& token : *extra)
        if (std::find(all.begin(), all.end(), token) == all.end()) all.push_back(token);
    }
    config.erase(kExtra);
    put_extra(all, where, config);
  } else if (const Json* additional = named(map, kAdditional, where); additional != nullptr && !config.contains(kExtra)) {
    put_extra(*additional, where, config);
  }
}

}  // namespace

Json read_tokenizer_config(const fs::path& dir) {
  const fs::path path = dir / "tokenizer_config.json", map_path = dir / "special_tokens_map.json";
  Json config = is_there(path) ? read_token_json(path) : Json::object();
  if (!config.is_object()) json_type_error(config, "the file", "an object", path.string());
  normalize_extra(path.string(), config);
  if (named(config, "added_tokens_decoder", path.string()) != nullptr || !is_there(map_path)) return config;
  const Json map = read_token_json(map_path);
  if (!map.is_object()) json_type_error(map, "the file", "an object", map_path.string());
  merge_map(map, map_path.string(), config);
  return config;
}

std::string special_token(const Json& config, TokenizerClass kind, std::string_view role, std::string_view where) {
  const Json* token = named(config, role, where);
  return token != nullptr ? content_of(*token, role, where) : std::string(default_special_token(kind, role));
}

AddedTokens added_tokens(const fs::path& dir, const Json& config, TokenizerClass kind, std::string_view where,
                         bool has_document) {
  AddedTokens result;
  if (const Json* decoder = named(config, "added_tokens_decoder", where)) {
    append_decoder(*decoder, where, result.list);
    result.decoder = result.list.size();
  }
  NamedTokens rest(config, kind, where, has_document, result);
  rest.append_roles();
  rest.append_own_names();
  rest.append_lists();
  const fs::path file = dir / "added_tokens.json";
  if (!result.decoder && is_there(file)) {
    std::vector<std::string> special;
    for (const Json& token : result.list)
      if (!token["only_if_known"].get<bool>()) special.push_back(token["content"].get<std::string>());
    result.numbered = numbered_tokens(file, special);
  }
  return result;
}

}  // namespace hies::text
