#include "hies/export/gguf_pre_tokenizer.h"

#include <fmt/format.h>

#include "hies/base/error.h"

namespace hies::exports {
namespace {

// The expressions of tokenizer.json files, by which llama.cpp's names are told apart.
struct Known {
  std::string_view name, expression;
};
constexpr Known kKnown[] = {
    {"llama-bpe",
     R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)"},
    {"qwen2",
     R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)"},
    {"tekken", R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|)"
               R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|)"
               R"(\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)"},
};

bool is(const Json& object, std::string_view key, const Json& value) {
  const auto found = object.find(key);
  return found != object.end() && *found == value;
}

[[noreturn]] void refuse(std::string_view where, const std::string& what) {
  throw Error(ErrorKind::unsupported, fmt::format("{}: {}", where, what),
              "llama.cpp splits texts as GPT-2, LLaMA 3, Qwen2, Mistral's tekken or SmolLM do");
}

}  // namespace

const Json* find_step(const Json& part, std::string_view type) {
  if (!part.is_object()) return nullptr;
  if (is(part, "type", Json(std::string(type)))) return &part;
  for (const char* list : {"pretokenizers", "normalizers", "processors"})
    if (const auto steps = part.find(list); steps != part.end() && steps->is_array())
      for (const Json& step : *steps)
        if (const Json* found = find_step(step, type)) return found;
  return nullptr;
}

std::string gguf_pre_tokenizer(const Json& tokenizer, std::string_view where) {
  const Json* part = find_member(tokenizer, "pre_tokenizer", where);
  const Json steps = part == nullptr ? Json() : *part;
  const Json* bytes = find_step(steps, "ByteLevel");
  if (bytes == nullptr) refuse(where, "its merges are of bytes, but it has no ByteLevel pre-tokenizer");
  const bool gpt2 = value_or<bool>(*bytes, "use_regex", true, where);
  const Json *split = find_step(steps, "Split"), *digits = find_step(steps, "Digits");
  if (split == nullptr) {
    if (gpt2 && digits == nullptr) return "gpt-2";
    if (gpt2 && value_or<bool>(*digits, "individual_digits", false, where)) return "smollm";
    refuse(where, "its pre-tokenizer splits texts in another way than those that llama.cpp knows");
  }
  const Json* pattern = find_member(*split, "pattern", where);
  const auto expression = pattern == nullptr ? std::string() : value_or<std::string>(*pattern, "Regex", "", where);
  for (const Known& known : kKnown)
    if (!gpt2 && expression == known.expression) return std::string(known.name);
  refuse(where, fmt::format("its pre-tokenizer splits texts by '{}', which llama.cpp does not know", printable(expression, 200)));
}

}  // namespace hies::exports
