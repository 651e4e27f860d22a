#include "hies/data/packing.h"

#include <algorithm>
#include <numeric>

#include "hies/base/error.h"

namespace hies::data {

std::vector<model::Batch> pack(const Dataset& dataset, std::int64_t batch_tokens) {
  if (batch_tokens < 1) bad_input("batch-tokens is {}, but at least 1 is needed", batch_tokens);
  std::vector<std::size_t> order(dataset.examples.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return dataset.examples[a].ids.size() > dataset.examples[b].ids.size(); });
  std::vector<model::Batch> batches;
  for (const std::size_t index : order) {
    const Example& example = dataset.examples[index];
    const auto length = static_cast<std::int64_t>(example.ids.size());
    if (batches.empty() || batches.back().token_count() + length > batch_tokens) batches.emplace_back();
    batches.back().add(static_cast<std::int64_t>(index), example.ids, example.type_ids);
  }
  return batches;
}

}  // namespace hies::data
