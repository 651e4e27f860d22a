#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "hies/base/progress.h"
#include "hies/data/dataset.h"
#include "hies/data/rows.h"
#include "hies/data/task.h"
#include "hies/model/spec.h"
#include "hies/text/tokenizer.h"

namespace hies::data {

// The most tokens of a window unless the user says otherwise.
inline constexpr std::int64_t kMostContext = 2048;

// A piece of a text of T tokens: it reads `begin` … `end`−2 (−1: the token that stands before every text) and judges its last
// `targets` tokens, up to `end`−1.
struct Window {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  std::int64_t targets = 0;
  bool operator==(const Window&) const = default;
};

// Windows that judge every token of a text once, as lm-evaluation-harness rolls them (get_rolling_token_windows): each reads at most
// `context` tokens and, but for the first, which judges all that it can, judges `stride` of them: 1 ≤ stride ≤ context. The last
// one reads as much as the others, though it may judge less.
std::vector<Window> rolling_windows(std::int64_t tokens, std::int64_t context, std::int64_t stride);

// The windows of a file's texts, in the chosen order. No special tokens but the tokenizer's prefix before the first token of a text.
// Throws bad_input for a context longer than the model's positions, a stride out of range, an empty text, a tokenizer that has
// neither BOS nor EOS, columns that are not there; and what read_table throws.
Dataset load_windows(const std::filesystem::path& file, const Task& task, const LoadOptions& options,
                     const model::ModelSpec& spec, const text::Tokenizer& tokenizer, int threads, Progress& progress);

}  // namespace hies::data
