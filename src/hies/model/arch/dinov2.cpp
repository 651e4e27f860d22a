#include "hies/base/error.h"
#include "hies/model/arch/config.h"
#include "hies/model/arch/vision_torch.h"

namespace hies::model {
namespace {

// Oquab et al. 2024. Layer scale; the classifier reads the class token beside the mean of the patches.
class Dinov2Network : public VisionNetwork {
 public:
  Dinov2Network(const ModelSpec& spec, const VisionArch& arch, const Weights& weights)
      : VisionNetwork(spec, arch, weights), classifier_(weights.linear("classifier")) {}

 private:
  at::Tensor classify(const at::Tensor& read, const BatchRows& rows) const override {
    const auto count = static_cast<std::int64_t>(rows.asked_offsets.size()) - 1;
    const at::Tensor sequences = read.narrow(0, 0, rows.asked_offsets.back()).unflatten(0, {count, -1});
    const at::Tensor both = at::cat({sequences.select(1, 0), sequences.narrow(1, 1, sequences.size(1) - 1).mean(1)}, 1);
    return classifier_(at::constant_pad_nd(both, {0, 0, 0, padded_sequences(count) - count}));
  }
  Linear classifier_;
};

class Dinov2Arch : public VisionArch {
 public:
  std::string_view model_type() const noexcept override { return "dinov2"; }
  std::string_view description() const noexcept override { return "DINOv2 for image classification"; }
  std::string_view prefix() const noexcept override { return "dinov2."; }
  // transformers 5 makes a head's size of hidden_size and num_attention_heads.
  Portability portability() const noexcept override { return {.pruned_heads = true}; }

  ModelSpec parse(const Json& config, std::string_view where) const override {
    ModelSpec spec = parse_vision_config(config, where, model_type(), 1e-6, 14);
    spec.vision.layer_scale = true;
    spec.vision.any_size = true;
    spec.vision.gated = value_or<bool>(config, "use_swiglu_ffn", false, where);
    const auto ratio = value_or<double>(config, "mlp_ratio", 4, where);
    const double width = spec.hidden * ratio;
    if (!(width >= 1 && width <= 1 << 30)) bad_input("{}: mlp_ratio is {}, which no feed-forward layer can have", where, ratio);
    spec.intermediate = static_cast<int>(width);
    // Two thirds, rounded up to a multiple of 8.
    if (spec.vision.gated) spec.intermediate = (static_cast<int>(spec.intermediate * 2 / 3.0) + 7) / 8 * 8;
    spec.read_tokens = 0;
    return spec;
  }

  VisionNames names(const ModelSpec& spec) const override {
    VisionNames names;
    names.attention_norm = "norm1";
    names.mlp_norm = "norm2";
    names.attention_scale = "layer_scale1.lambda1";
    names.mlp_scale = "layer_scale2.lambda1";
    names.up = spec.vision.gated ? "mlp.weights_in" : "mlp.fc1";
    names.down = spec.vision.gated ? "mlp.weights_out" : "mlp.fc2";
    return names;
  }

  std::vector<TensorDecl> head_tensors(const ModelSpec& spec) const override {
    std::vector<TensorDecl> all;
    declare_linear(all, "classifier", std::ssize(spec.labels), 2 * spec.hidden, TensorUse::per_example, -1, true);
    return all;
  }

  std::unique_ptr<Network> build(const ModelSpec& spec, const Weights& weights) const override {
    return std::make_unique<Dinov2Network>(spec, *this, weights);
  }
};

}  // namespace

const Arch& dinov2_arch() {
  static const Dinov2Arch arch;
  return arch;
}

}  // namespace hies::model
