#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct hies_tokenizer;

namespace hies::text {

// One text or pair as a model reads it: T ids in [0, Tokenizer::id_bound()) and T type ids (which text a token belongs to, for
// models that have such an embedding).
struct Encoding {
  std::vector<std::int32_t> ids;
  std::vector<std::int32_t> type_ids;
  bool truncated = false;  // tokens were cut off to keep to max_length
};

// `max_length` (≥ 1) counts the special tokens. Longer input is cut as transformers' "longest_first" does.
struct EncodeOptions {
  std::int64_t max_length;
  bool special_tokens = true;
};

// A text as it is, without special tokens.
struct PlainEncoding {
  std::vector<std::int32_t> ids;
  std::vector<std::size_t> ends;  // the byte of the text behind each token, ascending; equal where a character has several tokens
};

struct TextPair {
  std::string first;
  std::optional<std::string> second;
};

// A checkpoint's tokenizer; gives the ids of transformers' fast tokenizers. Any number of threads may encode with one.
class Tokenizer {
 public:
  // Reads from the checkpoint's directory, whichever is there first: tokenizer.json; vocab.txt (BERT's WordPiece); vocab.json and
  // merges.txt (the byte-level BPE of RoBERTa and GPT-2). Options and special tokens come from tokenizer_config.json and
  // special_tokens_map.json. `model_type` ("bert", of config.json) stands for the tokenizer's class where tokenizer_config.json
  // names none. Throws bad_input when there is none or it is damaged, unsupported when it is of another kind.
  static Tokenizer load(const std::filesystem::path& dir, std::string_view model_type);
  ~Tokenizer();
  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;

  // Throws bad_input when a text is not UTF-8 or max_length has no room for the special tokens.
  Encoding encode(std::string_view text, std::optional<std::string_view> pair, const EncodeOptions& options) const;

  // encode() of each, on `threads` threads (0: one per core); the result does not depend on them. Throws what the first failing
  // text throws, with its index, counted from 0.
  std::vector<Encoding> encode_all(std::span<const TextPair> texts, const EncodeOptions& options, int threads = 0) const;

  // Each text as it is, however long. In time linear in the length but for a logarithm where the tokenizer does not split words.
  // Threads and errors as encode_all.
  std::vector<PlainEncoding> encode_plain(std::span<const std::string> texts, int threads = 0) const;

  // What stands before the first token of a text whose tokens are all judged: the token that begins a text (BOS), or the one that
  // ends it (EOS) for want of such; not set when there is neither. As lm-evaluation-harness chooses.
  struct Prefix {
    std::int32_t id = 0;
    std::string token;  // as it is written
  };
  const std::optional<Prefix>& prefix() const { return prefix_; }

  // The token as it is written, "##ing"; of byte-level vocabularies the text that it stands for. Empty where there is no such id.
  std::string token(std::int32_t id) const;

  // The number of distinct tokens, added ones included.
  std::int64_t vocabulary_size() const;
  // The largest id plus one: what the model's embedding must hold. Differs from vocabulary_size() where ids have gaps.
  std::int64_t id_bound() const;
  // Returns XXH3-128, 32 hexadecimal digits, of all that the files say of how texts become ids.
  const std::string& hash() const { return hash_; }

  // model_max_length of tokenizer_config.json, if it is a limit at all: transformers writes 1e30 for none.
  std::optional<std::int64_t> model_max_length() const { return model_max_length_; }

 private:
  struct Free {
    void operator()(hies_tokenizer* handle) const;
  };
  explicit Tokenizer(hies_tokenizer* handle);

  std::unique_ptr<hies_tokenizer, Free> handle_;
  std::string hash_;
  std::optional<std::int64_t> model_max_length_;
  std::optional<Prefix> prefix_;
};

}  // namespace hies::text
