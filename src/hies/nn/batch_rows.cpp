#include "hies/nn/batch_rows.h"

#include <algorithm>

#include "hies/ops/tensors.h"

namespace hies::nn {
namespace {

using ops::index_tensor;
using ops::padded_sequences;
using ops::padded_tokens;
using ops::to_device;

at::Tensor padded_indices(const std::vector<std::int64_t>& indices, std::int64_t size) {
  at::Tensor tensor = at::zeros({size}, at::TensorOptions().dtype(at::kLong));
  std::copy(indices.begin(), indices.end(), tensor.mutable_data_ptr<std::int64_t>());
  return tensor;
}

// The row of each sequence that a classifier reads: the last token that is not padding, as transformers finds it.
std::vector<std::int64_t> last_rows(const model::Batch& batch, int padding) {
  std::vector<std::int64_t> rows;
  for (std::int64_t b = 0; b < batch.size(); ++b) {
    const std::int64_t begin = batch.offsets[b];
    std::int64_t row = batch.offsets[b + 1] - 1;
    while (row > begin && batch.tokens[row] == padding) --row;
    rows.push_back(row);
  }
  return rows;
}

std::vector<std::int64_t> first_targets(const model::Batch& batch) {
  std::vector<std::int64_t> rows;
  for (std::int64_t b = 0; b < batch.size(); ++b) {
    const auto found = std::lower_bound(batch.target_rows.begin(), batch.target_rows.end(), batch.offsets[b]);
    rows.push_back(found == batch.target_rows.end() ? batch.offsets[b + 1] : std::min(*found, batch.offsets[b + 1]));
  }
  return rows;
}

// The first tokens of a sequence that an encoder's task head reads; 0: all of them.
int pooled_tokens(model::Pooling pooling) {
  switch (pooling) {
    case model::Pooling::first: return 1;
    case model::Pooling::first_two: return 2;
    default: return 0;
  }
}

}  // namespace

BatchRows::BatchRows(const model::ModelSpec& spec, const model::Batch& batch, at::Device device)
    : key_offsets(batch.offsets), device(device) {
  place(batch);
  ask(spec, batch);
  for (at::Tensor* rows : {&key_rows, &asked, &read})
    if (rows->defined()) *rows = to_device(*rows, device);
}

void BatchRows::place(const model::Batch& batch) {
  std::vector<std::int64_t> keys;
  const auto add_keys = [&](std::int64_t b) {
    for (std::int64_t row = batch.offsets[b]; row < batch.offsets[b + 1]; ++row) keys.push_back(row);
  };
  for (std::int64_t b = 0; b < batch.size(); ++b) {
    const std::int64_t shared = batch.tokens_before(b);
    for (std::int64_t t = 0; t < batch.length(b); ++t) {
      positions.push_back(static_cast<std::int32_t>(shared + t));
      lengths.push_back(static_cast<std::int32_t>(shared + batch.length(b)));
    }
    if (batch.continued(b) >= 0) add_keys(batch.continued(b));
    add_keys(b);
    key_offsets[b + 1] = static_cast<std::int64_t>(keys.size());
  }
  const auto rows = static_cast<std::size_t>(padded_tokens(batch.token_count()));
  positions.resize(rows);
  lengths.resize(rows);
  if (key_offsets != batch.offsets) key_rows = index_tensor(keys).clone();
}

void BatchRows::ask(const model::ModelSpec& spec, const model::Batch& batch) {
  if (!spec.causal) return ask_first(pooled_tokens(spec.head.pooling), batch);
  const bool targets = spec.problem == model::Problem::causal_lm;
  const std::vector<std::int64_t> rows = targets ? batch.target_rows : last_rows(batch, spec.head.padding);
  ask_from(targets ? first_targets(batch) : rows, batch);
  // Places of the rows among those asked for. Rows ascend.
  std::vector<std::int64_t> places;
  std::int64_t b = 0;
  for (const std::int64_t row : rows) {
    while (row >= batch.offsets[b + 1]) ++b;
    places.push_back(asked_offsets[b + 1] - (batch.offsets[b + 1] - row));
  }
  const auto count = static_cast<std::int64_t>(places.size());
  const std::int64_t padded = targets ? padded_tokens(count) : padded_sequences(count);
  bool identical = padded == asked.size(0) && count == asked_offsets.back();
  for (std::int64_t i = 0; identical && i < count; ++i) identical = places[static_cast<std::size_t>(i)] == i;
  if (!identical) read = padded_indices(places, padded);
}

void BatchRows::ask_first(int count, const model::Batch& batch) {
  asks_all = count == 0;
  asked_offsets = batch.offsets;
  if (asks_all) return;
  std::vector<std::int64_t> rows;
  for (std::int64_t b = 0; b < batch.size(); ++b) {
    for (int row = 0; row < count; ++row) rows.push_back(batch.offsets[b] + row);
    asked_offsets[b + 1] = static_cast<std::int64_t>(rows.size());
  }
  asked = padded_indices(rows, count * padded_sequences(batch.size()));
}

void BatchRows::ask_from(const std::vector<std::int64_t>& first_read, const model::Batch& batch) {
  std::vector<std::int64_t> rows;
  asked_offsets.assign(1, 0);
  for (std::int64_t b = 0; b < batch.size(); ++b) {
    for (std::int64_t row = first_read[b]; row < batch.offsets[b + 1]; ++row) rows.push_back(row);
    asked_offsets.push_back(static_cast<std::int64_t>(rows.size()));
  }
  const auto count = static_cast<std::int64_t>(rows.size());
  asks_all = count == batch.token_count();
  asked = padded_indices(rows, std::max<std::int64_t>(padded_tokens(count), padded_tokens(1)));
}

}  // namespace hies::nn
