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

// One encoded text or pair: T ids in [0, Tokenizer::id_bound()) and T type ids, which say to which text a token belongs (for
// models with such an embedding).
struct Encoding {
  std::vector<std::int32_t> ids;
  std::vector<std::int32_t> type_ids;
  bool truncated = false;  // tokens were removed because of max_length
};

// `max_length` (≥ 1) includes the special tokens. Longer input is truncated like by "longest_first" in transformers.
struct EncodeOptions {
  std::int64_t max_length;
  bool special_tokens = true;
};

// A text encoded without special tokens and without truncation.
struct PlainEncoding {
  std::vector<std::int32_t> ids;
  std::vector<std::size_t> ends;  // the end of each token as a byte offset, ascending; equal for the tokens of one character
};

struct TextPair {
  std::string first;
  std::optional<std::string> second;
};

// The tokenizer of a checkpoint. It computes the same ids as the fast tokenizers of transformers. Any number of threads may use
// one.
class Tokenizer {
 public:
  // Reads the first of these that exists in the directory: tokenizer.json; vocab.txt (BERT's WordPiece); vocab.json and
  // merges.txt (the byte-level BPE of RoBERTa, GPT-2 and Qwen2). Options and added tokens come from tokenizer_config.json,
  // special_tokens_map.json and added_tokens.json. The class of the tokenizer, which tokenizer_config.json names, config.json, or
  // else `model_type` (of config.json, "bert"), decides what becomes of them, as in transformers 5. Throws bad_input if there is no tokenizer or it is damaged, and unsupported if it is of another kind.
  static Tokenizer load(const std::filesystem::path& dir, std::string_view model_type);
  ~Tokenizer();
  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;

  // Encodes a text or a pair. Throws bad_input if a text is not UTF-8, or if max_length is less than the number of special
  // tokens.
  Encoding encode(std::string_view text, std::optional<std::string_view> pair, const EncodeOptions& options) const;

  // Encodes all texts on `threads` threads (0: one per core); the result does not depend on their number. Throws the error of the
  // first text that fails, with its index from 0.
  std::vector<Encoding> encode_all(std::span<const TextPair> texts, const EncodeOptions& options, int threads = 0) const;

  // Encodes texts of any length without special tokens and truncation. The time is linear in the length, or n·log n for
  // tokenizers that do not split words. Threads and errors are those of encode_all.
  std::vector<PlainEncoding> encode_plain(std::span<const std::string> texts, int threads = 0) const;

  // The token before the first token of a text, so that the first token has a probability too: the token that begins a text
  // (BOS), else the one that ends it (EOS), else none. lm-evaluation-harness makes the same choice.
  struct Prefix {
    std::int32_t id = 0;
    std::string token;  // its text in the vocabulary
  };
  const std::optional<Prefix>& prefix() const { return prefix_; }

  // Returns a token's text in the vocabulary, "##ing"; for byte-level vocabularies the decoded text. Empty for an unknown id.
  std::string token(std::int32_t id) const;

  // Returns the number of distinct tokens, including added ones.
  std::int64_t vocabulary_size() const;
  // Returns the largest id plus one, the least number of rows of the model's embedding. It exceeds vocabulary_size() if ids have
  // gaps.
  std::int64_t id_bound() const;
  // Returns XXH3-128, 32 hexadecimal digits, of all that the files say of how texts become ids.
  const std::string& hash() const { return hash_; }

  // Returns one line for each option of the checkpoint that transformers would apply and that is not applied.
  const std::vector<std::string>& warnings() const { return warnings_; }

  // Returns model_max_length of tokenizer_config.json; nothing for 1e30, which transformers writes if there is no limit.
  std::optional<std::int64_t> model_max_length() const { return model_max_length_; }

 private:
  struct Free {
    void operator()(hies_tokenizer* handle) const;
  };
  explicit Tokenizer(hies_tokenizer* handle);

  std::unique_ptr<hies_tokenizer, Free> handle_;
  std::string hash_;
  std::vector<std::string> warnings_;
  std::optional<std::int64_t> model_max_length_;
  std::optional<Prefix> prefix_;
};

}  // namespace hies::text
