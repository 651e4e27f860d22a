#include "hies/model/arch/decoder.h"

#include "hies/model/arch/decoder_torch.h"

namespace hies::model {
namespace {

// Rows begin … end-1 of a matrix and of its bias.
void add_rows(std::vector<HeadSlice>& slices, const std::string& name, std::int64_t begin, std::int64_t end, SliceRole role,
              bool bias) {
  slices.push_back({name + ".weight", 0, begin, end, role});
  if (bias) slices.push_back({name + ".bias", 0, begin, end, role});
}

void declare_matrix(std::vector<TensorDecl>& out, const std::string& name, std::int64_t outputs, std::int64_t inputs, int layer,
                    bool bias) {
  out.push_back({name + ".weight", {outputs, inputs}, TensorUse::per_token, layer, false});
  if (bias) out.push_back({name + ".bias", {outputs}, TensorUse::lookup, layer, false});
}

void declare_vector(std::vector<TensorDecl>& out, const std::string& name, std::int64_t size, int layer) {
  out.push_back({name, {size}, TensorUse::lookup, layer, false});
}

}  // namespace

std::vector<TensorDecl> DecoderArch::tensors(const ModelSpec& spec) const {
  const DecoderNames& n = names();
  const bool predicts_tokens = spec.problem == Problem::causal_lm;
  std::vector<TensorDecl> all;
  // As output matrix the table is multiplied with every token.
  const bool multiplied = predicts_tokens && spec.decoder.tied;
  all.push_back(
      {n.word + ".weight", {spec.vocabulary, spec.hidden}, multiplied ? TensorUse::per_token : TensorUse::lookup, -1, false});
  if (!n.position.empty()) all.push_back({n.position + ".weight", {spec.positions, spec.hidden}, TensorUse::lookup, -1, false});
  for (int layer = 0; layer < spec.layer_count(); ++layer) declare_layer(all, spec, layer);
  declare_vector(all, n.final_norm + ".weight", spec.hidden, -1);
  if (norms_have_bias()) declare_vector(all, n.final_norm + ".bias", spec.hidden, -1);
  if (!predicts_tokens) all.push_back({"score.weight", {std::ssize(spec.labels), spec.hidden}, TensorUse::per_example, -1, true});
  else if (!spec.decoder.tied) all.push_back({"lm_head.weight", {spec.vocabulary, spec.hidden}, TensorUse::per_token, -1, true});
  return all;
}

std::unique_ptr<Network> DecoderArch::build(const ModelSpec& spec, const Weights& weights) const {
  return std::make_unique<DecoderNetwork>(spec, names(), weights);
}

const DecoderNames& LlamaLikeArch::names() const noexcept {
  static const DecoderNames names = {
      .word = "model.embed_tokens",
      .position = "",
      .layer = "model.layers.",
      .query = "self_attn.q_proj",
      .key = "self_attn.k_proj",
      .value = "self_attn.v_proj",
      .output = "self_attn.o_proj",
      .query_norm = "self_attn.q_norm",
      .key_norm = "self_attn.k_norm",
      .attention_norm = "input_layernorm",
      .mlp_norm = "post_attention_layernorm",
      .gate = "mlp.gate_proj",
      .up = "mlp.up_proj",
      .down = "mlp.down_proj",
      .final_norm = "model.norm",
  };
  return names;
}

void LlamaLikeArch::declare_layer(std::vector<TensorDecl>& out, const ModelSpec& spec, int layer) const {
  const DecoderNames& n = names();
  const DecoderSpec& options = spec.decoder;
  const LayerHeads& heads = spec.heads(layer);
  const std::int64_t width = std::int64_t{heads.count()} * heads.head_dim;
  const std::int64_t kv_width = std::int64_t{heads.kv_count()} * heads.head_dim;
  const auto matrix = [&](const std::string& part, std::int64_t outputs, std::int64_t inputs, bool bias) {
    declare_matrix(out, n.in_layer(layer, part), outputs, inputs, layer, bias);
  };
  const auto vector = [&](const std::string& part, std::int64_t size) {
    declare_vector(out, n.in_layer(layer, part) + ".weight", size, layer);
  };
  matrix(n.query, width, spec.hidden, options.qkv_bias);
  matrix(n.key, kv_width, spec.hidden, options.qkv_bias);
  matrix(n.value, kv_width, spec.hidden, options.qkv_bias);
  matrix(n.output, spec.hidden, width, options.output_bias);
  if (options.qk_norm) {
    vector(n.query_norm, heads.head_dim);
    vector(n.key_norm, heads.head_dim);
  }
  vector(n.attention_norm, spec.hidden);
  matrix(n.gate, spec.intermediate, spec.hidden, options.mlp_bias);
  matrix(n.up, spec.intermediate, spec.hidden, options.mlp_bias);
  matrix(n.down, spec.hidden, spec.intermediate, options.mlp_bias);
  vector(n.mlp_norm, spec.hidden);
}

// The norms of queries and keys (Qwen3) are one for all heads of a layer, so they are no head's.
std::vector<HeadSlice> LlamaLikeArch::head_slices(const ModelSpec& spec, int layer, int position) const {
  const DecoderNames& n = names();
  const LayerHeads& heads = spec.heads(layer);
  const std::int64_t begin = std::int64_t{position} * heads.head_dim, end = begin + heads.head_dim;
  std::vector<HeadSlice> slices;
  add_rows(slices, n.in_layer(layer, n.query), begin, end, SliceRole::query, spec.decoder.qkv_bias);
  if (!heads.grouped()) {
    add_rows(slices, n.in_layer(layer, n.key), begin, end, SliceRole::key, spec.decoder.qkv_bias);
    add_rows(slices, n.in_layer(layer, n.value), begin, end, SliceRole::value, spec.decoder.qkv_bias);
  }
  slices.push_back({n.in_layer(layer, n.output) + ".weight", 1, begin, end, SliceRole::output});
  return slices;
}

std::vector<HeadSlice> LlamaLikeArch::kv_slices(const ModelSpec& spec, int layer, int position) const {
  const DecoderNames& n = names();
  const LayerHeads& heads = spec.heads(layer);
  std::vector<HeadSlice> slices;
  if (!heads.grouped()) return slices;
  const std::int64_t begin = std::int64_t{position} * heads.head_dim, end = begin + heads.head_dim;
  add_rows(slices, n.in_layer(layer, n.key), begin, end, SliceRole::key, spec.decoder.qkv_bias);
  add_rows(slices, n.in_layer(layer, n.value), begin, end, SliceRole::value, spec.decoder.qkv_bias);
  return slices;
}

void LlamaLikeArch::write_heads(Json& config, int heads, int kv_heads, int head_dim) const {
  config["num_attention_heads"] = heads;
  config["num_key_value_heads"] = kv_heads;
  config["head_dim"] = head_dim;
}

}  // namespace hies::model
