#pragma once

#include "hies/model/arch/encoder.h"
#include "hies/model/network_torch.h"
#include "hies/model/weights_torch.h"

namespace hies::model {

// The forward pass of EncoderArch. A family adds what it does with the first token of each sequence.
class EncoderNetwork : public Network {
 public:
  EncoderNetwork(const ModelSpec& spec, const EncoderNames& names, const Weights& weights);

  at::Tensor forward(const Batch& batch, AttentionRun& run) const override;

 protected:
  // first: [B, E], the first token of each sequence → logits [B, V].
  virtual at::Tensor task_head(const at::Tensor& first) const = 0;

 private:
  struct Layer {
    int index;
    bool last;
    Linear query, key, value, output, up, down;
    Norm attention_norm, output_norm;
  };
  at::Tensor embed(const Batch& batch) const;
  at::Tensor attention(const Layer& layer, const at::Tensor& hidden, const at::Tensor& first_rows, AttentionRun& run) const;
  at::Tensor run_layer(const Layer& layer, const at::Tensor& hidden, const at::Tensor& first_rows, AttentionRun& run) const;

  const ModelSpec& spec_;
  at::Tensor word_, position_, token_type_;
  Norm embedding_norm_;
  std::vector<Layer> layers_;
};

}  // namespace hies::model
