#pragma once

#include <cstdint>
#include <vector>

#include <ATen/ATen.h>

#include "hies/model/batch.h"
#include "hies/model/spec.h"

namespace hies::nn {

// Where the sequences of a batch stand in its hidden states, and which rows the result depends on.
struct BatchRows {
  // Tensors are put on `device`.
  BatchRows(const model::ModelSpec& spec, const model::Batch& batch, at::Device device);

  std::vector<std::int32_t> positions;    // [T padded] of each token in its whole sequence
  std::vector<std::int32_t> lengths;      // [T padded] tokens of that sequence
  std::vector<std::int64_t> key_offsets;  // [B+1] of the keys that each sequence sees: with those of the sequence it continues
  at::Tensor key_rows;                    // [S] the row of each key; undefined: the rows themselves

  // The last layer computes the rows that are asked for only: encoders the first ones of each sequence (Pooling),
  // decoders those from the first one that is read to the sequence's end.
  std::vector<std::int64_t> asked_offsets;  // [B+1]
  at::Tensor asked;                         // [A padded] rows; undefined where an encoder asks for all
  bool asks_all = false;                    // they are all rows, padding included
  at::Device device;                        // of these tensors
  at::Tensor read;                          // [B or R padded] places in `asked` that the task head reads; undefined: all of them

 private:
  void place(const model::Batch& batch);
  void ask(const model::ModelSpec& spec, const model::Batch& batch);
  // The first `count` rows of each sequence; 0: all rows.
  void ask_first(int count, const model::Batch& batch);
  // first_read [B]: the first row of each sequence that is read, or its end.
  void ask_from(const std::vector<std::int64_t>& first_read, const model::Batch& batch);
};

}  // namespace hies::nn
