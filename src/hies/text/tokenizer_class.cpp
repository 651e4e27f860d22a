#include "hies/text/tokenizer_class.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace hies::text {
namespace {

using Token = std::pair<std::string_view, std::string_view>;

TokenizerClass class_named(std::string_view name) {
  if (name == "BertTokenizer" || name == "DistilBertTokenizer" || name == "ConvBertTokenizer") return TokenizerClass::bert;
  if (name == "RobertaTokenizer") return TokenizerClass::roberta;
  if (name == "GPT2Tokenizer") return TokenizerClass::gpt2;
  if (name == "LlamaTokenizer") return TokenizerClass::llama;
  if (name == "CodeLlamaTokenizer") return TokenizerClass::code_llama;
  return name == "Qwen2Tokenizer" ? TokenizerClass::qwen2 : TokenizerClass::other;
}

// TOKENIZER_MAPPING_NAMES of transformers, for the model types that are read here.
std::string_view usual_class(std::string_view model_type) {
  if (model_type == "bert" || model_type == "distilbert") return "BertTokenizer";
  if (model_type == "roberta") return "RobertaTokenizer";
  if (model_type == "gpt2") return "GPT2Tokenizer";
  return model_type == "qwen2" || model_type == "qwen3" ? "Qwen2Tokenizer" : "";
}

}  // namespace

TokenizerClass tokenizer_class(const ClassFacts& facts) {
  std::string_view name = facts.tokenizer_class;
  if (name.ends_with("Fast")) name.remove_suffix(4);
  const std::string_view usual = usual_class(facts.model_type);
  if (name.empty() || name == usual) return class_named(usual);
  // Checkpoints of Mistral's name many classes, and all of them are read as they stand; those of Qwen2 always by its own.
  if (facts.model_type == "mistral") return TokenizerClass::other;
  if (facts.model_type == "qwen2") return TokenizerClass::qwen2;
  if (name == "LlamaTokenizer" && facts.byte_level_document) return TokenizerClass::other;
  return class_named(name);
}

bool is_unread_class(std::string_view name) {
  static constexpr std::string_view kNames[] = {
      "Albert",     "Barthez",   "BigBird",    "Blenderbot", "CLIP",     "Camembert", "CodeGen",    "Cohere",
      "Deberta",    "DebertaV2", "Funnel",     "GPTNeoX",    "Gemma",    "Herbert",   "LayoutLMv2", "Luke",
      "LayoutLMv3", "MBart",     "MBart50",    "MPNet",      "MarkupLM", "Nllb",      "Nougat",     "OpenAIGPT",
      "Pegasus",    "Qwen3_5",   "T5",         "Reformer",   "RemBert",  "Splinter",  "Udop",       "SeamlessM4T",
      "Whisper",    "XGLM",      "XLMRoberta", "LayoutXLM",  "XLNet",    "Esmc"};
  if (name.ends_with("Fast")) name.remove_suffix(4);
  if (!name.ends_with("Tokenizer")) return false;
  name.remove_suffix(9);
  return std::ranges::find(kNames, name) != std::end(kNames);
}

std::string_view default_special_token(TokenizerClass kind, std::string_view role) {
  static constexpr Token kBert[] = {
      {"unk_token", "[UNK]"}, {"sep_token", "[SEP]"}, {"pad_token", "[PAD]"}, {"cls_token", "[CLS]"}, {"mask_token", "[MASK]"}};
  static constexpr Token kRoberta[] = {{"bos_token", "<s>"},    {"eos_token", "</s>"},  {"unk_token", "<unk>"},
                                       {"sep_token", "</s>"},   {"pad_token", "<pad>"}, {"cls_token", "<s>"},
                                       {"mask_token", "<mask>"}};
  static constexpr Token kGpt2[] = {
      {"bos_token", "<|endoftext|>"}, {"eos_token", "<|endoftext|>"}, {"unk_token", "<|endoftext|>"}};
  static constexpr Token kLlama[] = {{"bos_token", "<s>"}, {"eos_token", "</s>"}, {"unk_token", "<unk>"}};
  static constexpr Token kQwen2[] = {{"eos_token", "<|endoftext|>"}, {"pad_token", "<|endoftext|>"}};
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
    case TokenizerClass::llama:
    case TokenizerClass::code_llama: return find(kLlama);
    case TokenizerClass::qwen2: return find(kQwen2);
    case TokenizerClass::other: break;
  }
  return {};
}

}  // namespace hies::text
