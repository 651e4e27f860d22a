#include "hies/data/packing.h"

#include <algorithm>
#include <numeric>
#include <span>

#include "hies/base/error.h"

namespace hies::data {
namespace {

using IdSpan = std::span<const std::int32_t>;

// A sequence of a language model: `ids` without the last, whose last `targets` rows predict the last `targets` ids.
void add_judged(model::Batch& batch, std::int64_t index, IdSpan ids, std::int64_t targets) {
  const auto run = static_cast<std::int64_t>(ids.size()) - 1;
  check(targets > 0 && targets <= run, "a judged token has a token before it");
  const std::int64_t first = batch.token_count() + run - targets;
  const std::vector<std::int32_t> types(static_cast<std::size_t>(run));
  batch.add(index, ids.first(static_cast<std::size_t>(run)), types);
  for (std::int64_t row = 0; row < targets; ++row) batch.target_rows.push_back(first + row);
  const IdSpan judged = ids.last(static_cast<std::size_t>(targets));
  batch.target_tokens.insert(batch.target_tokens.end(), judged.begin(), judged.end());
}

void add_question(model::Batch& batch, std::int64_t index, const Example& example) {
  std::int64_t common = -1;
  if (!example.ids.empty()) {
    common = batch.size();
    batch.add(index, example.ids, std::vector<std::int32_t>(example.ids.size()));
    batch.continues.push_back(-1);
  }
  for (const EncodedChoice& choice : example.choices) {
    add_judged(batch, index, choice.ids, choice.targets);
    batch.continues.push_back(common);
  }
}

}  // namespace

void add(model::Batch& batch, std::int64_t index, const Example& example) {
  if (!example.choices.empty()) return add_question(batch, index, example);
  if (example.image.from != nullptr) return batch.add(index, example.image, example.image_tokens);
  if (example.targets > 0) return add_judged(batch, index, example.ids, example.targets);
  batch.add(index, example.ids, example.type_ids);
}

std::int64_t example_count(const model::Batch& batch) {
  std::int64_t count = 0;
  for (std::size_t b = 0; b < batch.examples.size(); ++b) count += b == 0 || batch.examples[b] != batch.examples[b - 1];
  return count;
}

std::vector<model::Batch> pack(const Dataset& dataset, std::int64_t batch_tokens) {
  if (batch_tokens < 1) bad_input("`batch_tokens` is {}, but at least 1 is needed", batch_tokens);
  std::vector<std::int64_t> lengths;
  lengths.reserve(dataset.examples.size());
  for (const Example& example : dataset.examples) lengths.push_back(example.run_tokens());
  std::vector<std::size_t> order(dataset.examples.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return lengths[a] > lengths[b]; });
  std::vector<model::Batch> batches;
  for (const std::size_t index : order) {
    if (batches.empty() || batches.back().token_count() + lengths[index] > batch_tokens) batches.emplace_back();
    add(batches.back(), static_cast<std::int64_t>(index), dataset.examples[index]);
  }
  return batches;
}

}  // namespace hies::data
