#include "hies/arch/config.h"
#include "hies/arch/encoder_task.h"
#include "hies/arch/family.h"
#include "hies/base/error.h"

namespace hies::arch {
namespace {

constexpr double kEpsilon = 1e-12;  // transformers fixes it for this family

model::LayerSpec distilbert_layer(const std::string& name, model::Activation activation) {
  model::LayerSpec layer;
  layer.attention.norm = layer_norm(name + "sa_layer_norm", kEpsilon);
  layer.attention.query = matrix(name + "attention.q_lin");
  layer.attention.key = matrix(name + "attention.k_lin");
  layer.attention.value = matrix(name + "attention.v_lin");
  layer.attention.output = matrix(name + "attention.out_lin");
  layer.ffn.norm = layer_norm(name + "output_layer_norm", kEpsilon);
  layer.ffn.up = matrix(name + "ffn.lin1");
  layer.ffn.down = matrix(name + "ffn.lin2");
  layer.ffn.activation = activation;
  return layer;
}

model::ModelSpec parse_distilbert(const Json& config, std::string_view where) {
  model::ModelSpec spec;
  spec.model_type = "distilbert";
  spec.hidden = require_count(config, "dim", where);
  UnitCounts counts;
  counts.neurons = require_count(config, "hidden_dim", where);
  spec.text.vocabulary = require_count(config, "vocab_size", where);
  spec.positions = require_count(config, "max_position_embeddings", where);
  const model::Activation activation = model::parse_activation(value_or<std::string>(config, "activation", "gelu", where));
  counts.heads = counts.kv_heads = require_count(config, "n_heads", where, 1, kMostHeads);
  counts.layers = require_count(config, "n_layers", where, 1, kMostLayers);
  counts.head_dim = head_dim_of(spec.hidden, counts.heads, "n_heads", where);
  spec.layout = parse_layout(config, where, counts);
  parse_encoder_task(config, where, {"DistilBert"}, spec);

  spec.text.word = "distilbert.embeddings.word_embeddings";
  spec.text.position = "distilbert.embeddings.position_embeddings";
  spec.text.norm = layer_norm("distilbert.embeddings.LayerNorm", kEpsilon);
  for (int i = 0; i < counts.layers; ++i)
    spec.layers.push_back(distilbert_layer(fmt::format("distilbert.transformer.layer.{}.", i), activation));
  spec.head.dense = {{matrix("pre_classifier"), model::Activation::relu}};
  spec.head.classifiers = {matrix("classifier")};
  return spec;
}

}  // namespace

// Sanh et al. 2019. No token types and no pooler: a ReLU layer stands before the classifier.
const Family& distilbert() {
  static const Family family = {"distilbert",     "DistilBERT for sequence classification and regression",
                                "distilbert.",    {.pruned_heads = true},
                                parse_distilbert, nullptr,
                                nullptr,          "hidden_dim"};
  return family;
}

}  // namespace hies::arch
