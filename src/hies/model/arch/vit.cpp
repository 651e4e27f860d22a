#include "hies/model/arch/config.h"
#include "hies/model/arch/vision_torch.h"

namespace hies::model {
namespace {

// Dosovitskiy et al. 2021. Reads the class token, without a pooler.
class VitNetwork : public VisionNetwork {
 public:
  VitNetwork(const ModelSpec& spec, const VisionArch& arch, const Weights& weights)
      : VisionNetwork(spec, arch, weights), classifier_(weights.linear("classifier")) {}

 private:
  at::Tensor classify(const at::Tensor& read, const BatchRows&) const override { return classifier_(read); }
  Linear classifier_;
};

class VitArch : public VisionArch {
 public:
  std::string_view model_type() const noexcept override { return "vit"; }
  std::string_view description() const noexcept override { return "ViT for image classification"; }
  std::string_view prefix() const noexcept override { return "vit."; }

  ModelSpec parse(const Json& config, std::string_view where) const override {
    ModelSpec spec = parse_vision_config(config, where, model_type(), 1e-12, 16);
    spec.intermediate = require_count(config, "intermediate_size", where);
    return spec;
  }

  VisionNames names(const ModelSpec&) const override { return {}; }

  std::vector<TensorDecl> head_tensors(const ModelSpec& spec) const override {
    std::vector<TensorDecl> all;
    declare_linear(all, "classifier", std::ssize(spec.labels), spec.hidden, TensorUse::per_example, -1, true);
    return all;
  }

  std::unique_ptr<Network> build(const ModelSpec& spec, const Weights& weights) const override {
    return std::make_unique<VitNetwork>(spec, *this, weights);
  }
};

}  // namespace

const Arch& vit_arch() {
  static const VitArch arch;
  return arch;
}

}  // namespace hies::model
