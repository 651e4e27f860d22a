#include "hies/text/tokenizer.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>

#include <hies_tokenizer.h>
#include "hies/base/error.h"
#include "hies/base/hash.h"
#include "hies/base/threads.h"
#include "hies/text/source.h"

namespace hies::text {
namespace {

// Texts that a thread takes at a time, few enough that no thread is idle for long at the end.
constexpr std::size_t kChunk = 64;

// Throws an Error if a call failed, and frees its message.
void check_call(int code, char* message, std::string_view where) {
  if (code == HIES_TOKENIZER_OK) return;
  const std::string text = printable(message, 300);
  hies_tokenizer_error_free(message);
  if (code == HIES_TOKENIZER_BAD_INPUT) throw Error(ErrorKind::bad_input, fmt::format("{}: {}", where, text));
  // The crate checks little of a tokenizer.json, and panics where one part does not fit another.
  throw Error(ErrorKind::bad_input, fmt::format("{}: the tokenizers library fails with this tokenizer: {}", where, text),
              "its tokenizer.json does not fit together: take it from the checkpoint that the model comes from");
}

struct RawEncoding : hies_tokenizer_encoding {
  RawEncoding() : hies_tokenizer_encoding{} {}
  ~RawEncoding() {
    if (ids != nullptr) hies_tokenizer_encoding_free(this);
  }
  RawEncoding(const RawEncoding&) = delete;
  RawEncoding& operator=(const RawEncoding&) = delete;
};

Encoding encode_one(const hies_tokenizer* handle, std::string_view text, std::optional<std::string_view> pair,
                    const EncodeOptions& options, std::string_view where) {
  if (options.max_length < 1) bad_input("max_length {} is less than 1", options.max_length);
  // For the C ABI a null pointer means that there is no second text, so an empty text needs another pointer.
  const char* second = !pair ? nullptr : pair->data() != nullptr ? pair->data() : "";
  RawEncoding raw;
  char* message = nullptr;
  const int code =
      hies_tokenizer_encode(handle, text.data(), text.size(), second, pair ? pair->size() : 0,
                            static_cast<std::size_t>(options.max_length), options.special_tokens ? 1 : 0, &raw, &message);
  check_call(code, message, where);
  return {.ids = {raw.ids, raw.ids + raw.count},
          .type_ids = {raw.type_ids, raw.type_ids + raw.count},
          .truncated = raw.truncated != 0};
}

PlainEncoding encode_plain_one(const hies_tokenizer* handle, std::string_view text, std::size_t threads, std::string_view where) {
  RawEncoding raw;
  char* message = nullptr;
  const int code = hies_tokenizer_encode_text(handle, text.data(), text.size(), threads, &raw, &message);
  check_call(code, message, where);  // apart: the order in which arguments are evaluated is not defined
  return {.ids = {raw.ids, raw.ids + raw.count}, .ends = {raw.ends, raw.ends + raw.count}};
}

std::string differences_of(const hies_tokenizer* handle) {
  std::string text(hies_tokenizer_differences(handle, nullptr, 0), '\0');
  hies_tokenizer_differences(handle, text.data(), text.size());
  return text;
}

// Calls work(begin, end) for chunks of [0, count). Chunks are started in order, and a started chunk is completed, so the
// exception that is thrown is that of the lowest failing chunk for any number of threads.
template <class Work>
void for_chunks(std::size_t count, std::size_t chunk, std::size_t threads, const Work& work) {
  std::atomic<std::size_t> next{0};
  std::atomic<bool> failed{false};
  std::mutex mutex;
  std::size_t failed_at = count;
  std::exception_ptr failure;
  const auto run = [&] {
    while (!failed) {
      const std::size_t begin = next.fetch_add(chunk);
      if (begin >= count) return;
      try {
        work(begin, std::min(begin + chunk, count));
      } catch (...) {
        const std::lock_guard lock(mutex);
        failed = true;
        if (begin < failed_at) {
          failed_at = begin;
          failure = std::current_exception();
        }
      }
    }
  };
  {
    std::vector<std::jthread> others;
    const std::size_t useful = (count + chunk - 1) / chunk;
    for (std::size_t i = 1; i < std::min(threads, useful); ++i) others.emplace_back(run);
    run();
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace

void Tokenizer::Free::operator()(hies_tokenizer* handle) const { hies_tokenizer_free(handle); }

Tokenizer::Tokenizer(hies_tokenizer* handle) : handle_(handle) {}
Tokenizer::~Tokenizer() = default;
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;

Tokenizer Tokenizer::load(const std::filesystem::path& dir, std::string_view model_type) {
  const Source source = read_source(dir, model_type);
  const std::string overrides = source.overrides.dump();
  hies_tokenizer* handle = nullptr;
  char* message = nullptr;
  const int code =
      hies_tokenizer_new(source.document.data(), source.document.size(), overrides.data(), overrides.size(), &handle, &message);
  check_call(code, message, source.name);
  Tokenizer tokenizer(handle);
  // What the class changes is hashed only where it changes something, and as what it changes.
  Json hashed = source.overrides;
  hashed.erase("class");
  Hasher hasher;
  hasher.update(source.document).update(hashed.dump());
  if (const std::string differences = differences_of(handle); !differences.empty()) hasher.update(differences);
  tokenizer.hash_ = hasher.hex();
  tokenizer.warnings_ = source.warnings;
  tokenizer.model_max_length_ = source.model_max_length;
  for (const std::string& token : source.prefixes) {
    const std::int32_t id = hies_tokenizer_id_of(handle, token.data(), token.size());
    if (id >= 0 && !tokenizer.prefix_) tokenizer.prefix_ = Prefix{id, token};
  }
  return tokenizer;
}

Encoding Tokenizer::encode(std::string_view text, std::optional<std::string_view> pair, const EncodeOptions& options) const {
  return encode_one(handle_.get(), text, pair, options, "cannot encode a text");
}

std::vector<Encoding> Tokenizer::encode_all(std::span<const TextPair> texts, const EncodeOptions& options, int threads) const {
  std::vector<Encoding> encodings(texts.size());
  for_chunks(texts.size(), kChunk, static_cast<std::size_t>(thread_count(threads)), [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      encodings[i] = encode_one(handle_.get(), texts[i].first, texts[i].second, options, fmt::format("cannot encode text {}", i));
    }
  });
  return encodings;
}

std::vector<PlainEncoding> Tokenizer::encode_plain(std::span<const std::string> texts, int threads) const {
  std::vector<PlainEncoding> encodings(texts.size());
  const std::size_t all = static_cast<std::size_t>(thread_count(threads)),
                    text_threads = std::max<std::size_t>(all / std::max<std::size_t>(texts.size(), 1), 1);
  for_chunks(texts.size(), 1, all, [&](std::size_t begin, std::size_t) {
    encodings[begin] = encode_plain_one(handle_.get(), texts[begin], text_threads, fmt::format("cannot encode text {}", begin));
  });
  return encodings;
}

std::string Tokenizer::token(std::int32_t id) const {
  std::string token(64, '\0');
  const std::size_t size = hies_tokenizer_token_of(handle_.get(), id, token.data(), token.size());
  const bool cut = size > token.size();
  token.resize(size);
  if (cut) hies_tokenizer_token_of(handle_.get(), id, token.data(), token.size());
  return token;
}

std::int64_t Tokenizer::vocabulary_size() const {
  return static_cast<std::int64_t>(hies_tokenizer_vocabulary_size(handle_.get()));
}

std::int64_t Tokenizer::id_bound() const { return static_cast<std::int64_t>(hies_tokenizer_id_bound(handle_.get())); }

}  // namespace hies::text
