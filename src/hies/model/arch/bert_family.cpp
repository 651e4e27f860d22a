#include "hies/model/arch/bert_family.h"

#include "hies/base/error.h"
#include "hies/base/json_node.h"
#include "hies/model/arch/config.h"

namespace hies::model {

ModelSpec parse_bert_config(const Json& config, std::string_view where, std::string_view model_type, int position_offset) {
  ModelSpec spec;
  spec.model_type = model_type;
  spec.hidden = require_count(config, "hidden_size", where);
  spec.intermediate = require_count(config, "intermediate_size", where);
  spec.vocabulary = require_count(config, "vocab_size", where);
  spec.token_types = JsonNode(config, where).holds("type_vocab_size") ? require_count(config, "type_vocab_size", where) : 2;
  spec.position_offset = position_offset;
  spec.positions = require_count(config, "max_position_embeddings", where, position_offset + 1) - position_offset;
  spec.norm_epsilon = value_or<double>(config, "layer_norm_eps", 1e-12, where);
  spec.activation = parse_activation(value_or<std::string>(config, "hidden_act", "gelu", where));
  const auto kind = value_or<std::string>(config, "position_embedding_type", "absolute", where);
  if (kind != "absolute") unsupported("{}: position_embedding_type '{}' is not supported (absolute is)", where, printable(kind));
  if (value_or<bool>(config, "is_decoder", false, where)) unsupported("{}: is_decoder true is not supported", where);
  HeadCounts counts;
  counts.layers = require_count(config, "num_hidden_layers", where, 1, kMostLayers);
  counts.heads = counts.kv_heads = require_count(config, "num_attention_heads", where, 1, kMostHeads);
  counts.head_dim = head_dim_of(spec.hidden, counts.heads, "num_attention_heads", where);
  spec.layers = parse_layout(config, where, counts);
  parse_task(config, where, spec);
  return spec;
}

EncoderNames bert_names(const std::string& prefix) {
  return {
      .word = prefix + "embeddings.word_embeddings",
      .position = prefix + "embeddings.position_embeddings",
      .token_type = prefix + "embeddings.token_type_embeddings",
      .embedding_norm = prefix + "embeddings.LayerNorm",
      .layer = prefix + "encoder.layer.",
      .query = "attention.self.query",
      .key = "attention.self.key",
      .value = "attention.self.value",
      .output = "attention.output.dense",
      .attention_norm = "attention.output.LayerNorm",
      .up = "intermediate.dense",
      .down = "output.dense",
      .output_norm = "output.LayerNorm",
  };
}

}  // namespace hies::model
