#include "hies/base/error.h"
#include "hies/model/arch/config.h"
#include "hies/model/arch/decoder.h"
#include "hies/model/arch/decoder_config.h"

namespace hies::model {
namespace {

// Radford et al. 2019: layer norms, learned positions, a plain feed-forward layer. Matrices are stored as [in, out], and those of
// queries, keys and values side by side in one.
class Gpt2Arch : public DecoderArch {
 public:
  std::string_view model_type() const noexcept override { return "gpt2"; }
  std::string_view description() const noexcept override { return "GPT-2, language model or sequence classification"; }
  std::string_view prefix() const noexcept override { return "transformer."; }
  bool has_pruned_heads() const noexcept override { return true; }

  ModelSpec parse(const Json& config, std::string_view where) const override {
    refuse_other_decoders(config, where);
    for (const char* key : {"scale_attn_by_inverse_layer_idx", "add_cross_attention"})
      if (value_or<bool>(config, key, false, where)) unsupported("{}: {} true is not supported", where, key);
    if (!value_or<bool>(config, "scale_attn_weights", true, where))
      unsupported("{}: scale_attn_weights false is not supported", where);
    ModelSpec spec;
    spec.model_type = "gpt2";
    spec.hidden = require_count(config, "n_embd", where);
    spec.vocabulary = require_count(config, "vocab_size", where);
    spec.positions = require_count(config, "n_positions", where);
    const auto inner = value_or<std::int64_t>(config, "n_inner", std::int64_t{4} * spec.hidden, where);
    if (inner < 1 || inner > 1 << 30) bad_input("{}: n_inner is {}, but it must be 1 … {}", where, inner, 1 << 30);
    spec.intermediate = static_cast<int>(inner);
    spec.norm_epsilon = value_or<double>(config, "layer_norm_epsilon", 1e-5, where);
    spec.activation = parse_activation(value_or<std::string>(config, "activation_function", "gelu_new", where));
    const int heads = require_count(config, "n_head", where, 1, kMostHeads);
    const HeadCounts counts{require_count(config, "n_layer", where, 1, kMostLayers), heads, heads,
                            head_dim_of(spec.hidden, heads, "n_head", where)};
    spec.layers = parse_decoder_layout(config, where, counts);
    spec.decoder.tied = value_or<bool>(config, "tie_word_embeddings", true, where);
    spec.decoder.windows.assign(spec.layers.size(), 0);
    parse_decoder_task(config, where, {"GPT2LMHeadModel", "GPT2Model", "GPT2ForSequenceClassification"}, spec);
    return spec;
  }

  const DecoderNames& names() const noexcept override {
    static const DecoderNames names = {
        .word = "transformer.wte",
        .position = "transformer.wpe",
        .layer = "transformer.h.",
        .query = "attn.c_attn",
        .key = "attn.c_attn",
        .value = "attn.c_attn",
        .output = "attn.c_proj",
        .query_norm = "",
        .key_norm = "",
        .attention_norm = "ln_1",
        .mlp_norm = "ln_2",
        .gate = "",
        .up = "mlp.c_fc",
        .down = "mlp.c_proj",
        .final_norm = "transformer.ln_f",
    };
    return names;
  }

  // Three ranges of the joint matrix, each as far from the next as the layer's heads are wide.
  std::vector<HeadSlice> head_slices(const ModelSpec& spec, int layer, int position) const override {
    const DecoderNames& n = names();
    const LayerHeads& heads = spec.heads(layer);
    const std::int64_t width = std::int64_t{heads.count()} * heads.head_dim;
    const std::int64_t begin = std::int64_t{position} * heads.head_dim;
    std::vector<HeadSlice> slices;
    std::int64_t at = begin;
    for (const SliceRole role : {SliceRole::query, SliceRole::key, SliceRole::value}) {
      slices.push_back({n.in_layer(layer, n.query) + ".weight", 1, at, at + heads.head_dim, role});
      slices.push_back({n.in_layer(layer, n.query) + ".bias", 0, at, at + heads.head_dim, role});
      at += width;
    }
    slices.push_back({n.in_layer(layer, n.output) + ".weight", 0, begin, begin + heads.head_dim, SliceRole::output});
    return slices;
  }

  std::vector<HeadSlice> kv_slices(const ModelSpec&, int, int) const override { return {}; }

 protected:
  bool norms_have_bias() const noexcept override { return true; }

  void declare_layer(std::vector<TensorDecl>& out, const ModelSpec& spec, int layer) const override {
    const DecoderNames& n = names();
    const LayerHeads& heads = spec.heads(layer);
    const std::int64_t width = std::int64_t{heads.count()} * heads.head_dim;
    const auto declare = [&](const std::string& part, std::vector<std::int64_t> shape, TensorUse use) {
      const std::int64_t outputs = shape.back();
      out.push_back({n.in_layer(layer, part) + ".weight", std::move(shape), use, layer, false});
      out.push_back({n.in_layer(layer, part) + ".bias", {outputs}, TensorUse::lookup, layer, false});
    };
    declare(n.attention_norm, {spec.hidden}, TensorUse::lookup);
    declare(n.query, {spec.hidden, 3 * width}, TensorUse::per_token);
    declare(n.output, {width, spec.hidden}, TensorUse::per_token);
    declare(n.mlp_norm, {spec.hidden}, TensorUse::lookup);
    declare(n.up, {spec.hidden, spec.intermediate}, TensorUse::per_token);
    declare(n.down, {spec.intermediate, spec.hidden}, TensorUse::per_token);
  }
};

}  // namespace

const Arch& gpt2_arch() {
  static const Gpt2Arch arch;
  return arch;
}

}  // namespace hies::model
