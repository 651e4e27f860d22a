#include "hies/model/arch/config.h"
#include "hies/model/arch/vision_torch.h"

namespace hies::model {
namespace {

// Touvron et al. 2021. A distillation token stands after the class token. One classifier reads the class token; a model with its
// teacher has one for each of the two, and gives the mean of their logits.
class DeitNetwork : public VisionNetwork {
 public:
  DeitNetwork(const ModelSpec& spec, const VisionArch& arch, const Weights& weights) : VisionNetwork(spec, arch, weights) {
    if (spec.read_tokens == 1) {
      classifier_ = weights.linear("classifier");
    } else {
      classifier_ = weights.linear("cls_classifier");
      distillation_ = weights.linear("distillation_classifier");
      has_teacher_ = true;
    }
  }

 private:
  at::Tensor classify(const at::Tensor& read, const BatchRows&) const override {
    if (!has_teacher_) return classifier_(read);
    const at::Tensor both = read.unflatten(0, {-1, 2});
    return (classifier_(both.select(1, 0).contiguous()) + distillation_(both.select(1, 1).contiguous())) / 2;
  }
  bool has_teacher_ = false;
  Linear classifier_, distillation_;
};

bool has_teacher(const Json& config, std::string_view where) {
  const Json* names = find_member(config, "architectures", where);
  if (names == nullptr || !names->is_array()) return false;
  for (const Json& name : *names)
    if (name == "DeiTForImageClassificationWithTeacher") return true;
  return false;
}

class DeitArch : public VisionArch {
 public:
  std::string_view model_type() const noexcept override { return "deit"; }
  std::string_view description() const noexcept override { return "DeiT for image classification, with or without its teacher"; }
  std::string_view prefix() const noexcept override { return "deit."; }

  ModelSpec parse(const Json& config, std::string_view where) const override {
    ModelSpec spec = parse_vision_config(config, where, model_type(), 1e-12, 16);
    spec.intermediate = require_count(config, "intermediate_size", where);
    spec.vision.leading = 2;
    spec.positions = spec.vision.tokens(spec.vision.height, spec.vision.width);
    spec.read_tokens = has_teacher(config, where) ? 2 : 1;
    return spec;
  }

  VisionNames names(const ModelSpec&) const override { return {}; }

  std::vector<TensorDecl> head_tensors(const ModelSpec& spec) const override {
    std::vector<TensorDecl> all;
    const auto declare = [&](const char* name) {
      declare_linear(all, name, std::ssize(spec.labels), spec.hidden, TensorUse::per_example, -1, true);
    };
    if (spec.read_tokens == 1) {
      declare("classifier");
    } else {
      declare("cls_classifier");
      declare("distillation_classifier");
    }
    return all;
  }

  std::unique_ptr<Network> build(const ModelSpec& spec, const Weights& weights) const override {
    return std::make_unique<DeitNetwork>(spec, *this, weights);
  }
};

}  // namespace

const Arch& deit_arch() {
  static const DeitArch arch;
  return arch;
}

}  // namespace hies::model
