#include "hies/model/arch/bert_family.h"
#include "hies/model/arch/encoder_torch.h"

namespace hies::model {
namespace {

// Devlin et al. 2019. Reads the first token through a tanh pooler.
class BertNetwork : public EncoderNetwork {
 public:
  BertNetwork(const ModelSpec& spec, const EncoderNames& names, const Weights& weights)
      : EncoderNetwork(spec, names, weights),
        pooler_(weights.linear("bert.pooler.dense")),
        classifier_(weights.linear("classifier")) {}

 private:
  at::Tensor task_head(const at::Tensor& first, const BatchRows&) const override { return classifier_(at::tanh(pooler_(first))); }
  Linear pooler_, classifier_;
};

class BertArch : public EncoderArch {
 public:
  std::string_view model_type() const noexcept override { return "bert"; }
  std::string_view description() const noexcept override { return "BERT for sequence classification and regression"; }
  std::string_view prefix() const noexcept override { return "bert."; }

  ModelSpec parse(const Json& config, std::string_view where) const override {
    return parse_bert_config(config, where, "bert", 0);
  }

  const EncoderNames& names() const noexcept override {
    static const EncoderNames names = bert_names("bert.");
    return names;
  }

  std::vector<TensorDecl> head_tensors(const ModelSpec& spec) const override {
    std::vector<TensorDecl> all;
    declare_linear(all, "bert.pooler.dense", spec.hidden, spec.hidden, TensorUse::per_example, -1, true);
    declare_linear(all, "classifier", static_cast<std::int64_t>(spec.labels.size()), spec.hidden, TensorUse::per_example, -1,
                   true);
    return all;
  }

  std::unique_ptr<Network> build(const ModelSpec& spec, const Weights& weights) const override {
    return std::make_unique<BertNetwork>(spec, names(), weights);
  }
};

}  // namespace

const Arch& bert_arch() {
  static const BertArch arch;
  return arch;
}

}  // namespace hies::model
