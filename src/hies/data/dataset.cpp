#include "hies/data/dataset.h"

#include <span>

#include "hies/base/hash.h"

namespace hies::data {

std::int64_t Dataset::token_count() const noexcept {
  std::int64_t count = 0;
  for (const Example& example : examples) count += static_cast<std::int64_t>(example.ids.size());
  return count;
}

std::string content_hash(const std::vector<Example>& examples, bool with_labels) {
  Hasher hasher;
  hasher.update(static_cast<std::int64_t>(examples.size())).update(std::int64_t{with_labels});
  for (const Example& example : examples) {
    hasher.update(static_cast<std::int64_t>(example.ids.size()));
    hasher.update(std::as_bytes(std::span(example.ids))).update(std::as_bytes(std::span(example.type_ids)));
    if (with_labels) hasher.update(std::as_bytes(std::span(&example.label, 1)));
  }
  return hasher.hex();
}

}  // namespace hies::data
