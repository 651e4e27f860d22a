#include "hies/arch/decoder_config.h"
#include "hies/arch/family.h"
#include "hies/base/error.h"

namespace hies::arch {
namespace {

// Matrices are stored as [inputs, outputs], and those of queries, keys and values side by side in one.
model::MatrixSpec conv1d(std::string name, int part = 0, int parts = 1) {
  return {.name = std::move(name), .bias = true, .inputs_first = true, .part = part, .parts = parts};
}

model::LayerSpec gpt2_layer(const std::string& name, double epsilon, model::Activation activation) {
  model::LayerSpec layer;
  layer.attention.norm = layer_norm(name + "ln_1", epsilon);
  layer.attention.query = conv1d(name + "attn.c_attn", 0, 3);
  layer.attention.key = conv1d(name + "attn.c_attn", 1, 3);
  layer.attention.value = conv1d(name + "attn.c_attn", 2, 3);
  layer.attention.output = conv1d(name + "attn.c_proj");
  layer.ffn.norm = layer_norm(name + "ln_2", epsilon);
  layer.ffn.up = conv1d(name + "mlp.c_fc");
  layer.ffn.down = conv1d(name + "mlp.c_proj");
  layer.ffn.activation = activation;
  return layer;
}

void refuse_variants(const Json& config, std::string_view where) {
  refuse_other_decoders(config, where);
  for (const char* key : {"scale_attn_by_inverse_layer_idx", "add_cross_attention"})
    if (value_or<bool>(config, key, false, where)) unsupported("{}: {} true is not supported", where, key);
  if (!value_or<bool>(config, "scale_attn_weights", true, where))
    unsupported("{}: scale_attn_weights false is not supported", where);
}

model::ModelSpec parse_gpt2(const Json& config, std::string_view where) {
  refuse_variants(config, where);
  model::ModelSpec spec;
  spec.model_type = "gpt2";
  spec.norm_order = model::NormOrder::pre;
  spec.hidden = require_count(config, "n_embd", where);
  spec.text.vocabulary = require_count(config, "vocab_size", where);
  spec.positions = require_count(config, "n_positions", where);
  const auto neurons = value_or<std::int64_t>(config, "n_inner", std::int64_t{4} * spec.hidden, where);
  if (neurons < 1 || neurons > 1 << 30) bad_input("{}: n_inner is {}, but it must be 1 … {}", where, neurons, 1 << 30);
  const auto epsilon = value_or<double>(config, "layer_norm_epsilon", 1e-5, where);
  const model::Activation activation =
      model::parse_activation(value_or<std::string>(config, "activation_function", "gelu_new", where));
  UnitCounts counts;
  counts.neurons = static_cast<int>(neurons);
  counts.heads = counts.kv_heads = require_count(config, "n_head", where, 1, kMostHeads);
  counts.layers = require_count(config, "n_layer", where, 1, kMostLayers);
  counts.head_dim = head_dim_of(spec.hidden, counts.heads, "n_head", where);
  spec.layout = parse_decoder_layout(config, where, counts);

  spec.text.word = "transformer.wte";
  spec.text.position = "transformer.wpe";
  for (int i = 0; i < counts.layers; ++i)
    spec.layers.push_back(gpt2_layer(fmt::format("transformer.h.{}.", i), epsilon, activation));
  spec.final_norm = layer_norm("transformer.ln_f", epsilon);
  parse_decoder_task(config, where, {"GPT2LMHeadModel", "GPT2Model", "GPT2ForSequenceClassification"}, true, spec);
  return spec;
}

}  // namespace

// Radford et al. 2019: LayerNorm, learned positions, a feed-forward network of two matrices.
const Family& gpt2() {
  static const Family family = {"gpt2",         "GPT-2, language model or sequence classification",
                                "transformer.", {.pruned_heads = true},
                                parse_gpt2,     nullptr,
                                nullptr,        "n_inner"};
  return family;
}

}  // namespace hies::arch
