#include "hies/model/arch/config.h"
#include "hies/model/arch/encoder_torch.h"

namespace hies::model {
namespace {

// Sanh et al. 2019. No token types, no pooler: a ReLU layer before the classifier.
class DistilBertNetwork : public EncoderNetwork {
 public:
  DistilBertNetwork(const ModelSpec& spec, const EncoderNames& names, const Weights& weights)
      : EncoderNetwork(spec, names, weights),
        pre_classifier_(weights.linear("pre_classifier")),
        classifier_(weights.linear("classifier")) {}

 private:
  at::Tensor task_head(const at::Tensor& first, const BatchRows&) const override {
    return classifier_(at::relu(pre_classifier_(first)));
  }
  Linear pre_classifier_, classifier_;
};

class DistilBertArch : public EncoderArch {
 public:
  std::string_view model_type() const noexcept override { return "distilbert"; }
  std::string_view description() const noexcept override { return "DistilBERT for sequence classification and regression"; }
  std::string_view prefix() const noexcept override { return "distilbert."; }

  ModelSpec parse(const Json& config, std::string_view where) const override {
    ModelSpec spec;
    spec.model_type = "distilbert";
    spec.hidden = require_count(config, "dim", where);
    spec.intermediate = require_count(config, "hidden_dim", where);
    spec.vocabulary = require_count(config, "vocab_size", where);
    spec.positions = require_count(config, "max_position_embeddings", where);
    spec.norm_epsilon = 1e-12;  // transformers fixes it for this family
    spec.activation = parse_activation(value_or<std::string>(config, "activation", "gelu", where));
    const int heads = require_count(config, "n_heads", where, 1, kMostHeads);
    const HeadCounts counts{require_count(config, "n_layers", where, 1, kMostLayers), heads, heads,
                            head_dim_of(spec.hidden, heads, "n_heads", where)};
    spec.layers = parse_layout(config, where, counts);
    parse_task(config, where, spec);
    return spec;
  }

  const EncoderNames& names() const noexcept override {
    static const EncoderNames names = {
        .word = "distilbert.embeddings.word_embeddings",
        .position = "distilbert.embeddings.position_embeddings",
        .token_type = "",
        .embedding_norm = "distilbert.embeddings.LayerNorm",
        .layer = "distilbert.transformer.layer.",
        .query = "attention.q_lin",
        .key = "attention.k_lin",
        .value = "attention.v_lin",
        .output = "attention.out_lin",
        .attention_norm = "sa_layer_norm",
        .up = "ffn.lin1",
        .down = "ffn.lin2",
        .output_norm = "output_layer_norm",
    };
    return names;
  }

  std::vector<TensorDecl> head_tensors(const ModelSpec& spec) const override {
    std::vector<TensorDecl> all;
    declare_linear(all, "pre_classifier", spec.hidden, spec.hidden, TensorUse::per_example, -1, true);
    declare_linear(all, "classifier", static_cast<std::int64_t>(spec.labels.size()), spec.hidden, TensorUse::per_example, -1,
                   true);
    return all;
  }

  std::unique_ptr<Network> build(const ModelSpec& spec, const Weights& weights) const override {
    return std::make_unique<DistilBertNetwork>(spec, names(), weights);
  }
};

}  // namespace

const Arch& distilbert_arch() {
  static const DistilBertArch arch;
  return arch;
}

}  // namespace hies::model
