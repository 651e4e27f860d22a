#include "hies/model/arch/bert_family.h"
#include "hies/model/arch/encoder_torch.h"

namespace hies::model {
namespace {

// Liu et al. 2019. A two-layer head on the first token; position ids start after the padding id.
class RobertaNetwork : public EncoderNetwork {
 public:
  RobertaNetwork(const ModelSpec& spec, const EncoderNames& names, const Weights& weights)
      : EncoderNetwork(spec, names, weights),
        dense_(weights.linear("classifier.dense")),
        out_(weights.linear("classifier.out_proj")) {}

 private:
  at::Tensor task_head(const at::Tensor& first, const BatchRows&) const override { return out_(at::tanh(dense_(first))); }
  Linear dense_, out_;
};

class RobertaArch : public EncoderArch {
 public:
  std::string_view model_type() const noexcept override { return "roberta"; }
  std::string_view description() const noexcept override { return "RoBERTa for sequence classification and regression"; }
  std::string_view prefix() const noexcept override { return "roberta."; }

  ModelSpec parse(const Json& config, std::string_view where) const override {
    const auto padding = value_or<std::int64_t>(config, "pad_token_id", 1, where);
    return parse_bert_config(config, where, "roberta", static_cast<int>(padding) + 1);
  }

  const EncoderNames& names() const noexcept override {
    static const EncoderNames names = bert_names("roberta.");
    return names;
  }

  int position_rows(const ModelSpec& spec) const override { return spec.positions + spec.position_offset; }

  std::vector<TensorDecl> head_tensors(const ModelSpec& spec) const override {
    std::vector<TensorDecl> all;
    declare_linear(all, "classifier.dense", spec.hidden, spec.hidden, TensorUse::per_example, -1, true);
    declare_linear(all, "classifier.out_proj", static_cast<std::int64_t>(spec.labels.size()), spec.hidden, TensorUse::per_example,
                   -1, true);
    return all;
  }

  std::unique_ptr<Network> build(const ModelSpec& spec, const Weights& weights) const override {
    return std::make_unique<RobertaNetwork>(spec, names(), weights);
  }
};

}  // namespace

const Arch& roberta_arch() {
  static const RobertaArch arch;
  return arch;
}

}  // namespace hies::model
