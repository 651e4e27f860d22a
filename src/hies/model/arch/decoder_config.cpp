#include "hies/model/arch/decoder_config.h"

#include <algorithm>

#include "hies/base/error.h"

namespace hies::model {
namespace {

// Neither absent nor null, false, 0 nor empty.
bool says(const Json& config, std::string_view key, std::string_view where) {
  const Json* value = find_member(config, key, where);
  if (value == nullptr || value->is_null() || value->empty()) return false;
  return !(value->is_boolean() && !value->get<bool>()) && !(value->is_number() && value->get<double>() == 0);
}

HeadCounts head_counts(const Json& config, std::string_view where, int hidden, int default_head_dim) {
  HeadCounts counts;
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

}  // namespace

void refuse_other_decoders(const Json& config, std::string_view where) {
  for (const char* key : {"num_experts", "num_local_experts", "n_routed_experts"})
    if (says(config, key, where)) unsupported("{}: a mixture of experts ({}) is not supported", where, key);
  for (const char* key : {"kv_lora_rank", "q_lora_rank"})
    if (says(config, key, where)) unsupported("{}: latent attention ({}) is not supported", where, key);
  if (says(config, "quantization_config", where))
    throw Error(ErrorKind::unsupported, fmt::format("{}: quantised weights (quantization_config) are not supported", where),
                "save the checkpoint in float16 or bfloat16 first");
}

HeadLayout parse_decoder_layout(const Json& config, std::string_view where, const HeadCounts& counts) {
  HeadLayout layout = parse_layout(config, where, counts);
  for (std::size_t layer = 0; layer < layout.size(); ++layer)
    if (!layout[layer].grouped() && layout[layer].heads != layout[layer].kv_heads)
      bad_input("{}: hies.heads[{}] and hies.kv_heads[{}] differ, but no head shares its keys and values", where, layer, layer);
  return layout;
}

void parse_decoder_task(const Json& config, std::string_view where, const DecoderClasses& classes, ModelSpec& spec) {
  spec.causal = true;
  spec.problem = Problem::causal_lm;
  const Json* names = find_member(config, "architectures", where);
  if (names == nullptr || names->is_null() || names->empty()) return;
  if (!names->is_array() || !names->front().is_string()) json_type_error(*names, "architectures", "a list of names", where);
  const auto name = names->front().get<std::string>();
  if (name == classes.causal_lm || name == classes.bare) return;
  if (name != classes.classifier)
    throw Error(ErrorKind::unsupported, fmt::format("{}: architecture '{}' is not supported", where, printable(name)),
                fmt::format("known: {}, {}", classes.causal_lm, classes.classifier));
  parse_task(config, where, spec);
  spec.decoder.padding = static_cast<int>(value_or<std::int64_t>(config, "pad_token_id", -1, where));
}

ModelSpec parse_llama_like(const Json& config, std::string_view where, std::string_view model_type, const std::string& family,
                           int default_head_dim) {
  refuse_other_decoders(config, where);
  ModelSpec spec;
  spec.model_type = model_type;
  spec.hidden = require_count(config, "hidden_size", where);
  spec.intermediate = require_count(config, "intermediate_size", where);
  spec.vocabulary = require_count(config, "vocab_size", where);
  const int positions = require_count(config, "max_position_embeddings", where);
  spec.decoder.rope = parse_rope(config, where, positions);
  spec.positions = stretched_positions(spec.decoder.rope, positions);
  spec.norm_epsilon = value_or<double>(config, "rms_norm_eps", 1e-6, where);
  spec.activation = parse_activation(value_or<std::string>(config, "hidden_act", "silu", where));
  const HeadCounts counts = head_counts(config, where, spec.hidden, default_head_dim);
  spec.layers = parse_decoder_layout(config, where, counts);
  spec.decoder.tied = value_or<bool>(config, "tie_word_embeddings", false, where);
  spec.decoder.windows.assign(spec.layers.size(), 0);
  parse_decoder_task(config, where, {family + "ForCausalLM", family + "Model", family + "ForSequenceClassification"}, spec);
  return spec;
}

void parse_layer_windows(const Json& config, std::string_view where, ModelSpec& spec) {
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
    if (slides) spec.decoder.windows[layer] = window;
  }
}

}  // namespace hies::model
