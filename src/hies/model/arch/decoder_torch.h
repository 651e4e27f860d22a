#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "hies/model/arch/decoder.h"
#include "hies/model/arch/projection_torch.h"
#include "hies/model/network_torch.h"
#include "hies/model/weights_torch.h"

namespace hies::model {

// The forward pass of DecoderArch.
class DecoderNetwork : public Network {
 public:
  DecoderNetwork(const ModelSpec& spec, const DecoderNames& names, const Weights& weights);

  at::Tensor embed(const Batch& batch, const BatchRows& rows) const override;
  at::Tensor heads(int layer, const LayerHeads& heads, const at::Tensor& hidden, AttentionRun& run,
                   HeadProducts products) const override;
  at::Tensor finish(int layer, const LayerHeads& heads, const at::Tensor& hidden, const at::Tensor& outputs,
                    const AttentionRun& run) const override;
  at::Tensor task_head(const at::Tensor& hidden, const BatchRows& rows) const override;
  const Linear* vocabulary() const override { return predicts_tokens_ ? &head_ : nullptr; }
  bool tapes() const override;
  at::Tensor forward_taped(int layer, const at::Tensor& hidden, AttentionRun& run, LayerTape& tape,
                           bool only_tape) const override;
  at::Tensor backward_taped(int layer, const at::Tensor& gradient, AttentionRun& run, const LayerTape& tape) const override;

 private:
  using AnyNorm = std::variant<RmsNorm, Norm>;
  struct Layer {
    bool last = false;
    Projection query, key_value;
    std::optional<RmsNorm> query_norm, key_norm;
    Linear output;
    AnyNorm attention_norm, mlp_norm;
    Linear up;  // of a gated layer: [2·I, E], the gate's rows first
    Linear down;
  };
  static AnyNorm norm(const Weights& weights, const DecoderNames& names, const std::string& name, double epsilon);
  static at::Tensor apply(const AnyNorm& norm, const at::Tensor& x);
  Layer make_layer(int index, const DecoderNames& names, const Weights& weights) const;
  at::Tensor queries(const Layer& layer, const LayerHeads& heads, const at::Tensor& projected, QueryRows rows,
                     AttentionRun& run) const;
  at::Tensor keys_values(const Layer& layer, const LayerHeads& heads, const at::Tensor& projected, AttentionRun& run) const;

  const ModelSpec& spec_;
  bool gated_ = false;
  bool predicts_tokens_ = false;
  Table word_, position_;
  std::vector<Layer> layers_;
  AnyNorm final_norm_;
  Linear head_;  // lm_head or score
};

}  // namespace hies::model
