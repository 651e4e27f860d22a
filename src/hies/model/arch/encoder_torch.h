#pragma once

#include "hies/model/arch/encoder.h"
#include "hies/model/arch/encoder_heads_torch.h"
#include "hies/model/weights_torch.h"

namespace hies::model {

// The forward pass of EncoderArch. A family adds what it does with the first token of each sequence: hidden [B, E] → logits [B, V].
class EncoderNetwork : public Network {
 public:
  EncoderNetwork(const ModelSpec& spec, const EncoderNames& names, const Weights& weights);

  at::Tensor embed(const Batch& batch, const BatchRows& rows) const override;
  at::Tensor heads(int layer, const LayerHeads& heads, const at::Tensor& hidden, AttentionRun& run,
                   HeadProducts products) const override;
  at::Tensor finish(int layer, const LayerHeads& heads, const at::Tensor& hidden, const at::Tensor& outputs,
                    const AttentionRun& run) const override;
  bool tapes() const override;
  at::Tensor forward_taped(int layer, const at::Tensor& hidden, AttentionRun& run, LayerTape& tape,
                           bool only_tape) const override;
  at::Tensor backward_taped(int layer, const at::Tensor& gradient, AttentionRun& run, const LayerTape& tape) const override;

 private:
  struct Layer {
    bool last = false;
    EncoderHeads heads;
    Linear output, up, down;
    Norm attention_norm, output_norm;
  };

  const ModelSpec& spec_;
  Table word_, position_, token_type_;
  Norm embedding_norm_;
  std::vector<Layer> layers_;
};

}  // namespace hies::model
