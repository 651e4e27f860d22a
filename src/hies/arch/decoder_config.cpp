#include "hies/arch/decoder_config.h"

#include "hies/arch/tying.h"
#include "hies/base/error.h"

namespace hies::arch {
namespace {

// Neither absent nor null, false, 0 nor empty.
bool says(const Json& config, std::string_view key, std::string_view where) {
  const Json* value = find_member(config, key, where);
  if (value == nullptr || value->is_null() || value->empty()) return false;
  return !(value->is_boolean() && !value->get<bool>()) && !(value->is_number() && value->get<double>() == 0);
}

UnitCounts head_counts(const Json& config, std::string_view where, int hidden, int default_head_dim) {
  UnitCounts counts;
  counts.layers = require_count(config, "num_hidden_layers", where, 1, kMostLayers);
  counts.heads = counts.kv_heads = require_count(config, "num_attention_heads", where, 1, kMostHeads);
  if (says(config, "num_key_value_heads", where))
    counts.kv_heads = require_count(config, "num_key_value_heads", where, 1, counts.heads);
  if (counts.heads % counts.kv_heads != 0)
    bad_input("{}: num_attention_heads {} is not divisible by num_key_value_heads {}", where, counts.heads, counts.kv_heads);
  if (says(config, "head_dim", where)) counts.head_dim = require_count(config, "head_dim", where);
  else if (default_head_dim > 0) counts.head_dim = default_head_dim;
  else counts.head_dim = head_dim_of(hidden, counts.heads, "num_attention_heads", where);
  if (counts.head_dim % 2 != 0) bad_input("{}: heads of size {} cannot be rotated: it must be even", where, counts.head_dim);
  return counts;
}

model::LayerSpec llama_layer(const std::string& name, double epsilon, const LlamaBiases& biases, model::Activation activation) {
  model::LayerSpec layer;
  layer.attention.norm = rms_norm(name + "input_layernorm", epsilon);
  layer.attention.query = matrix(name + "self_attn.q_proj", biases.query_key_value);
  layer.attention.key = matrix(name + "self_attn.k_proj", biases.query_key_value);
  layer.attention.value = matrix(name + "self_attn.v_proj", biases.query_key_value);
  layer.attention.output = matrix(name + "self_attn.o_proj", biases.output);
  layer.ffn.norm = rms_norm(name + "post_attention_layernorm", epsilon);
  layer.ffn.gate = matrix(name + "mlp.gate_proj", biases.ffn);
  layer.ffn.up = matrix(name + "mlp.up_proj", biases.ffn);
  layer.ffn.down = matrix(name + "mlp.down_proj", biases.ffn);
  layer.ffn.activation = activation;
  return layer;
}

}  // namespace

void refuse_other_decoders(const Json& config, std::string_view where) {
  for (const char* key : {"num_experts", "num_local_experts", "n_routed_experts"})
    if (says(config, key, where)) unsupported("{}: a mixture of experts ({}) is not supported", where, key);
  for (const char* key : {"kv_lora_rank", "q_lora_rank"})
    if (says(config, key, where)) unsupported("{}: latent attention ({}) is not supported", where, key);
}

model::Layout parse_decoder_layout(const Json& config, std::string_view where, const UnitCounts& counts) {
  model::Layout layout = parse_layout(config, where, counts);
  for (const model::Site site : layout.sites(model::SiteKind::attention)) {
    const model::SiteLayout& heads = layout.at(site);
    if (!heads.grouped() && heads.units != heads.kv_heads)
      bad_input("{}: hies.heads[{}] and hies.kv_heads[{}] differ, but no head shares its keys and values", where, site.layer,
                site.layer);
  }
  return layout;
}

void parse_decoder_task(const Json& config, std::string_view where, const DecoderClasses& classes, bool tied_by_default,
                        model::ModelSpec& spec) {
  spec.causal = true;
  spec.problem = model::Problem::causal_lm;
  const auto language_model = [&] {
    set_output_matrix(spec, value_or<bool>(config, "tie_word_embeddings", tied_by_default, where));
  };
  const Json* names = find_member(config, "architectures", where);
  if (names == nullptr || names->is_null() || names->empty()) return language_model();
  if (!names->is_array() || !names->front().is_string()) json_type_error(*names, "architectures", "a list of names", where);
  const auto name = names->front().get<std::string>();
  if (name == classes.causal_lm || name == classes.bare) return language_model();
  if (name != classes.classifier)
    throw Error(ErrorKind::unsupported, fmt::format("{}: architecture '{}' is not supported", where, printable(name)),
                fmt::format("known: {}, {}", classes.causal_lm, classes.classifier));
  parse_task(config, where, spec);
  spec.head.pooling = model::Pooling::last;
  spec.head.padding = static_cast<int>(value_or<std::int64_t>(config, "pad_token_id", -1, where));
  spec.head.classifiers = {matrix("score", false)};
}

model::ModelSpec parse_llama_like(const Json& config, std::string_view where, const std::string& model_type,
                                  const std::string& family, const LlamaBiases& biases, int default_head_dim) {
  refuse_other_decoders(config, where);
  model::ModelSpec spec;
  spec.model_type = model_type;
  spec.norm_order = model::NormOrder::pre;
  spec.hidden = require_count(config, "hidden_size", where);
  const int neurons = require_count(config, "intermediate_size", where);
  spec.text.vocabulary = require_count(config, "vocab_size", where);
  const int positions = require_count(config, "max_position_embeddings", where);
  spec.rope = model::parse_rope(config, where, positions);
  spec.positions = model::stretched_positions(spec.rope, positions);
  const auto epsilon = value_or<double>(config, "rms_norm_eps", 1e-6, where);
  const model::Activation activation = model::parse_activation(value_or<std::string>(config, "hidden_act", "silu", where));
  UnitCounts counts = head_counts(config, where, spec.hidden, default_head_dim);
  counts.neurons = neurons;
  spec.layout = parse_decoder_layout(config, where, counts);
  spec.text.word = "model.embed_tokens";
  for (int i = 0; i < counts.layers; ++i)
    spec.layers.push_back(llama_layer(fmt::format("model.layers.{}.", i), epsilon, biases, activation));
  spec.final_norm = rms_norm("model.norm", epsilon);
  parse_decoder_task(config, where, {family + "ForCausalLM", family + "Model", family + "ForSequenceClassification"}, false,
                     spec);
  return spec;
}

void write_llama_heads(Json& config, const HeadNumbers& numbers) {
  config["num_attention_heads"] = numbers.heads;
  config["num_key_value_heads"] = numbers.kv_heads;
  config["head_dim"] = numbers.head_dim;
}

void parse_layer_windows(const Json& config, std::string_view where, model::ModelSpec& spec) {
  if (!value_or<bool>(config, "use_sliding_window", false, where) || !says(config, "sliding_window", where)) return;
  const int window = require_count(config, "sliding_window", where);
  const auto first = value_or<std::int64_t>(config, "max_window_layers", 28, where);
  const Json* types = find_member(config, "layer_types", where);
  const bool listed = types != nullptr && !types->is_null();
  if (listed && (!types->is_array() || types->size() != spec.layers.size()))
    bad_input("{}: layer_types must hold one name per layer ({})", where, spec.layers.size());
  for (std::size_t layer = 0; layer < spec.layers.size(); ++layer) {
    bool slides = static_cast<std::int64_t>(layer) >= first;
    if (listed) {
      const auto type = detail::json_as<std::string>((*types)[layer], "layer_types", where);
      slides = type == "sliding_attention";
      if (!slides && type != "full_attention")
        unsupported("{}: layer_types[{}] '{}' is not supported", where, layer, printable(type));
    }
    if (slides) spec.layers[layer].attention.window = window;
  }
}

}  // namespace hies::arch
