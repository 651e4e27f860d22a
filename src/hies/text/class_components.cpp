#include "hies/text/class_components.h"

#include "hies/text/special_tokens.h"

namespace hies::text {
namespace {

// How Qwen2's class splits words.
constexpr const char* kQwen2Words =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

std::string token_of(const TokenizerConfig& config, std::string_view role) {
  return special_token(config.json, config.kind, role, config.where);
}

// The number of a token, which the other side of the C ABI looks up.
Json id_of(const std::string& token) { return {{"id_of", token}}; }

Json byte_pairs(Json unk_token, bool fuse_unk, bool byte_fallback) {
  return {{"type", "BPE"}, {"unk_token", std::move(unk_token)}, {"fuse_unk", fuse_unk}, {"byte_fallback", byte_fallback}};
}

Json byte_level(bool add_prefix_space, bool use_regex) {
  return {{"type", "ByteLevel"}, {"add_prefix_space", add_prefix_space}, {"trim_offsets", true}, {"use_regex", use_regex}};
}

Json metaspace(std::string_view prepend_scheme) {
  return {{"type", "Metaspace"}, {"replacement", "▁"}, {"prepend_scheme", prepend_scheme}, {"split", false}};
}

Json template_token(const std::string& token, int type) { return {{"SpecialToken", {{"id", token}, {"type_id", type}}}}; }
Json template_text(const char* which, int type) { return {{"Sequence", {{"id", which}, {"type_id", type}}}}; }
Json template_entry(const std::string& token) {
  return {{"id", token}, {"ids", Json::array({id_of(token)})}, {"tokens", Json::array({token})}};
}

Json bert_components(const TokenizerConfig& config) {
  Json normalizer = {{"type", "BertNormalizer"}, {"clean_text", true}};
  normalizer.update(bert_normalizer(config));
  return {{"model", {{"type", "WordPiece"}, {"unk_token", token_of(config, "unk_token")}}},
          {"normalizer", std::move(normalizer)},
          {"pre_tokenizer", {{"type", "BertPreTokenizer"}}},
          {"post_processor", bert_template(token_of(config, "cls_token"), token_of(config, "sep_token"))}};
}

Json roberta_components(const TokenizerConfig& config, bool add_prefix_space) {
  const std::string sep = token_of(config, "sep_token"), cls = token_of(config, "cls_token");
  return {{"model", byte_pairs(nullptr, false, false)},
          {"normalizer", nullptr},
          {"pre_tokenizer", byte_level(add_prefix_space, true)},
          {"post_processor",
           {{"type", "RobertaProcessing"},
            {"sep", Json::array({sep, id_of(sep)})},
            {"cls", Json::array({cls, id_of(cls)})},
            {"trim_offsets", true},
            {"add_prefix_space", add_prefix_space}}}};
}

Json code_llama_components(const TokenizerConfig& config, bool add_prefix_space) {
  return {{"model", byte_pairs(token_of(config, "unk_token"), true, true)},
          {"normalizer", nullptr},
          {"pre_tokenizer", metaspace(add_prefix_space ? "first" : "never")},
          {"post_processor", begin_and_end_template(token_of(config, "bos_token"), "")}};
}

Json qwen2_components(bool add_prefix_space) {
  const Json split = {{"type", "Split"}, {"pattern", {{"Regex", kQwen2Words}}}, {"behavior", "Isolated"}, {"invert", false}};
  return {{"model", byte_pairs(nullptr, false, false)},
          {"normalizer", {{"type", "NFC"}}},
          {"pre_tokenizer", {{"type", "Sequence"}, {"pretokenizers", Json::array({split, byte_level(add_prefix_space, false)})}}},
          {"post_processor", nullptr}};
}

}  // namespace

Json optional_flag(const TokenizerConfig& config, std::string_view key) {
  const Json* value = find_member(config.json, key, config.where);
  return value == nullptr || value->is_null() ? Json() : Json(value_or<bool>(config.json, key, false, config.where));
}

Json bert_normalizer(const TokenizerConfig& config) {
  return {{"lowercase", value_or<bool>(config.json, "do_lower_case", true, config.where)},
          {"strip_accents", optional_flag(config, "strip_accents")},
          {"handle_chinese_chars", value_or<bool>(config.json, "tokenize_chinese_chars", true, config.where)}};
}

Json bert_template(const std::string& cls, const std::string& sep) {
  Json tokens = {{cls, template_entry(cls)}};
  tokens[sep] = template_entry(sep);
  return {{"type", "TemplateProcessing"},
          {"single", Json::array({template_token(cls, 0), template_text("A", 0), template_token(sep, 0)})},
          {"pair", Json::array({template_token(cls, 0), template_text("A", 0), template_token(sep, 0), template_text("B", 1),
                                template_token(sep, 1)})},
          {"special_tokens", tokens}};
}

Json begin_and_end_template(const std::string& begin, const std::string& end) {
  Json single = Json::array(), pair = Json::array(), tokens = Json::object();
  const auto around = [&](Json& into, const char* text, int type) {
    if (!begin.empty()) into.push_back(template_token(begin, type));
    into.push_back(template_text(text, type));
    if (!end.empty()) into.push_back(template_token(end, type));
  };
  around(single, "A", 0);
  around(pair, "A", 0);
  around(pair, "B", 1);
  for (const std::string& token : {begin, end})
    if (!token.empty()) tokens[token] = template_entry(token);
  return {{"type", "TemplateProcessing"}, {"single", single}, {"pair", pair}, {"special_tokens", tokens}};
}

Json class_components(const TokenizerConfig& config) {
  const bool usually = config.kind == TokenizerClass::llama || config.kind == TokenizerClass::code_llama;
  const auto add_prefix_space = [&] { return value_or<bool>(config.json, "add_prefix_space", usually, config.where); };
  switch (config.kind) {
    case TokenizerClass::bert: return bert_components(config);
    case TokenizerClass::roberta: return roberta_components(config, add_prefix_space());
    case TokenizerClass::gpt2:
      return {{"model", byte_pairs(nullptr, false, false)},
              {"normalizer", nullptr},
              {"pre_tokenizer", byte_level(add_prefix_space(), true)},
              {"post_processor", nullptr}};
    case TokenizerClass::llama: {
      const bool legacy = value_or<bool>(config.json, "legacy", false, config.where);
      return {{"model", byte_pairs(nullptr, true, true)},
              {"normalizer", nullptr},
              {"pre_tokenizer", metaspace(!add_prefix_space() ? "never"
                                          : legacy            ? "always"
                                                              : "first")},
              {"post_processor", nullptr}};
    }
    case TokenizerClass::code_llama: return code_llama_components(config, add_prefix_space());
    case TokenizerClass::qwen2: return qwen2_components(add_prefix_space());
    case TokenizerClass::other: break;
  }
  return nullptr;
}

}  // namespace hies::text
