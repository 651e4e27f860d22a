#include "hies/arch/bert_config.h"

#include <limits>

#include "hies/arch/config.h"
#include "hies/base/error.h"
#include "hies/base/json_node.h"

namespace hies::arch {
namespace {

model::LayerSpec bert_layer(const std::string& name, double epsilon, model::Activation activation) {
  model::LayerSpec layer;
  layer.attention.norm = layer_norm(name + "attention.output.LayerNorm", epsilon);
  layer.attention.query = matrix(name + "attention.self.query");
  layer.attention.key = matrix(name + "attention.self.key");
  layer.attention.value = matrix(name + "attention.self.value");
  layer.attention.output = matrix(name + "attention.output.dense");
  layer.ffn.norm = layer_norm(name + "output.LayerNorm", epsilon);
  layer.ffn.up = matrix(name + "intermediate.dense");
  layer.ffn.down = matrix(name + "output.dense");
  layer.ffn.activation = activation;
  return layer;
}

}  // namespace

model::ModelSpec parse_bert_config(const Json& config, std::string_view where, const BertNames& names) {
  const std::string& prefix = names.prefix;
  model::ModelSpec spec;
  spec.model_type = names.model_type;
  spec.hidden = require_count(config, "hidden_size", where);
  UnitCounts counts;
  counts.neurons = require_count(config, "intermediate_size", where);
  spec.text.vocabulary = require_count(config, "vocab_size", where);
  spec.text.token_types = JsonNode(config, where).holds("type_vocab_size") ? require_count(config, "type_vocab_size", where) : 2;
  spec.text.position_offset = names.position_offset;
  spec.positions = require_count(config, "max_position_embeddings", where, names.position_offset + 1) - names.position_offset;
  const auto epsilon = value_or<double>(config, "layer_norm_eps", 1e-12, where);
  const model::Activation activation = model::parse_activation(value_or<std::string>(config, "hidden_act", "gelu", where));
  const auto kind = value_or<std::string>(config, "position_embedding_type", "absolute", where);
  if (kind != "absolute") unsupported("{}: position_embedding_type '{}' is not supported (absolute is)", where, printable(kind));
  if (value_or<bool>(config, "is_decoder", false, where)) unsupported("{}: is_decoder true is not supported", where);
  counts.layers = require_count(config, "num_hidden_layers", where, 1, kMostLayers);
  counts.heads = counts.kv_heads = require_count(config, "num_attention_heads", where, 1, kMostHeads);
  counts.head_dim = head_dim_of(spec.hidden, counts.heads, "num_attention_heads", where);
  spec.layout = parse_layout(config, where, counts);
  parse_encoder_task(config, where, names.classes, spec);

  spec.text.word = prefix + "embeddings.word_embeddings";
  spec.text.position = prefix + "embeddings.position_embeddings";
  spec.text.token_type = prefix + "embeddings.token_type_embeddings";
  spec.text.norm = layer_norm(prefix + "embeddings.LayerNorm", epsilon);
  for (int i = 0; i < counts.layers; ++i)
    spec.layers.push_back(bert_layer(fmt::format("{}encoder.layer.{}.", prefix, i), epsilon, activation));
  return spec;
}

model::ModelSpec parse_roberta_like(const Json& config, std::string_view where, const std::string& model_type) {
  const auto padding = value_or<std::int64_t>(config, "pad_token_id", 1, where);
  if (padding < 0 || padding >= std::numeric_limits<int>::max())
    bad_input("{}: pad_token_id is {}, but positions begin after it", where, padding);
  model::ModelSpec spec = parse_bert_config(
      config, where, {model_type, "roberta.", {"Roberta", "XLMRoberta", "Camembert"}, static_cast<int>(padding) + 1});
  spec.head.dense = {{matrix("classifier.dense"), model::Activation::tanh}};
  spec.head.classifiers = {matrix("classifier.out_proj")};
  return spec;
}

}  // namespace hies::arch
