#pragma once

#include <vector>

#include "hies/model/arch/encoder_heads_torch.h"
#include "hies/model/arch/vision.h"
#include "hies/model/weights_torch.h"

namespace hies::model {

// The forward pass of VisionArch. A family adds what it does with the rows that its task head reads, which are normalised already.
class VisionNetwork : public Network {
 public:
  VisionNetwork(const ModelSpec& spec, const VisionArch& arch, const Weights& weights);

  at::Tensor embed(const Batch& batch, const BatchRows& rows) const override;
  at::Tensor heads(int layer, const LayerHeads& heads, const at::Tensor& hidden, AttentionRun& run,
                   HeadProducts products) const override;
  at::Tensor finish(int layer, const LayerHeads& heads, const at::Tensor& hidden, const at::Tensor& outputs,
                    const AttentionRun& run) const override;
  bool tapes() const override;
  at::Tensor forward_taped(int layer, const at::Tensor& hidden, AttentionRun& run, LayerTape& tape,
                           bool only_tape) const override;
  at::Tensor backward_taped(int layer, const at::Tensor& gradient, AttentionRun& run, const LayerTape& tape) const override;
  at::Tensor task_head(const at::Tensor& hidden, const BatchRows& rows) const override { return classify(norm_(hidden), rows); }

 protected:
  // read: of each sequence its ModelSpec::read_tokens first rows, or all its rows; padded. Logits [B padded, V].
  virtual at::Tensor classify(const at::Tensor& read, const BatchRows& rows) const = 0;

 private:
  struct Layer {
    bool some_rows = false;  // the last layer, where the task head does not read them all
    EncoderHeads heads;
    Norm attention_norm, mlp_norm;
    Linear output, up, down;
    at::Tensor attention_scale, mlp_scale;  // [E], or undefined
  };
  static at::Tensor scaled(const at::Tensor& x, const at::Tensor& scale) { return scale.defined() ? x * scale : x; }
  // [n, E] for images of this size.
  at::Tensor positions_for(const ImageLoader::Shape& shape) const;

  const ModelSpec& spec_;
  Linear patches_;        // [E, C·height·width of a patch]
  at::Tensor leading_;    // [leading, E]
  at::Tensor positions_;  // [leading + patches, E]
  std::vector<Layer> layers_;
  Norm norm_;
};

}  // namespace hies::model
