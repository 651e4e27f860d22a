#pragma once

#include "hies/model/batch.h"
#include "hies/nn/batch_rows.h"
#include "hies/nn/weight_source.h"

namespace hies::nn {

// The first hidden state [T padded, E] of a batch: of token ids, or of images.
class Embedding {
 public:
  Embedding(const model::ModelSpec& spec, const WeightSource& weights);
  at::Tensor operator()(const model::Batch& batch, const BatchRows& rows) const;

 private:
  at::Tensor of_tokens(const model::Batch& batch, const BatchRows& rows) const;
  at::Tensor of_images(const model::Batch& batch, const BatchRows& rows) const;
  // Returns the positions [n, E] of images of this size.
  at::Tensor positions_for(const model::ImageLoader::Shape& shape) const;

  const model::ModelSpec& spec_;
  ops::Table word_, position_, token_type_;
  ops::Norm norm_;
  at::Tensor projection_;  // [E, E] of the sum, before the norm; or undefined
  ops::Linear patches_;    // [E, C·height·width of a patch]
  at::Tensor leading_;     // [leading, E]
  at::Tensor positions_;   // [leading + patches, E]
};

}  // namespace hies::nn
