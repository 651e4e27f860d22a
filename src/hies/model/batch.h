#pragma once

// Legend of the shapes in this project's comments:
//   B examples of a batch (sequences)   T tokens of a batch, all sequences together   S key tokens
//   L layers   H query heads of a layer   K key/value heads of a layer   D head size   E hidden size
//   V vocabulary size, or number of labels of a classifier

#include <cstdint>
#include <span>
#include <vector>

#include "hies/model/images.h"

namespace hies::model {

// Examples packed one after the other, without padding. Sequence b is tokens[offsets[b]] … tokens[offsets[b+1]-1], at least one token.
struct Batch {
  std::vector<std::int32_t> tokens;       // [T] vocabulary ids; empty for images
  std::vector<std::int32_t> token_types;  // [T] 0 or 1; ignored by families without token types
  std::vector<ImageRef> images;           // [B] of one source, each as many tokens as it has in the model; empty for texts
  std::vector<std::int64_t> offsets{0};   // [B+1]
  std::vector<std::int64_t>
      examples;  // [B] index of each sequence's example in its data set, for labels and for the order of results

  // Language models only. R: rows of logits that are wanted; all of them are looked at where they are computed, and never kept.
  std::vector<std::int64_t> target_rows;    // [R] ascending places in `tokens`; each predicts the token after it
  std::vector<std::int32_t> target_tokens;  // [R] the vocabulary ids that are to be predicted there
  // [B] or empty (none): the earlier sequence of this batch that sequence b goes on from, as if its tokens stood before b's own; -1:
  // none. It has no such sequence itself. So what several continuations share is computed once. Not with a probe.
  std::vector<std::int64_t> continues;

  std::int64_t size() const noexcept { return static_cast<std::int64_t>(offsets.size()) - 1; }
  std::int64_t token_count() const noexcept { return offsets.back(); }
  std::int64_t length(std::int64_t sequence) const { return offsets[sequence + 1] - offsets[sequence]; }
  // The sequence that this one continues, or -1; and how many tokens it has.
  std::int64_t continued(std::int64_t sequence) const { return continues.empty() ? -1 : continues[sequence]; }
  std::int64_t tokens_before(std::int64_t sequence) const { return continued(sequence) < 0 ? 0 : length(continued(sequence)); }

  void add(std::int64_t example, std::span<const std::int32_t> ids, std::span<const std::int32_t> type_ids) {
    tokens.insert(tokens.end(), ids.begin(), ids.end());
    token_types.insert(token_types.end(), type_ids.begin(), type_ids.end());
    offsets.push_back(static_cast<std::int64_t>(tokens.size()));
    examples.push_back(example);
  }
  void add(std::int64_t example, const ImageRef& image, std::int64_t token_count) {
    images.push_back(image);
    offsets.push_back(offsets.back() + token_count);
    examples.push_back(example);
  }
};

}  // namespace hies::model
