#include "hies/model/arch/encoder.h"

namespace hies::model {

void declare_norm(std::vector<TensorDecl>& out, const std::string& name, std::int64_t size, int layer) {
  out.push_back({name + ".weight", {size}, TensorUse::lookup, layer, false});
  out.push_back({name + ".bias", {size}, TensorUse::lookup, layer, false});
}

void declare_linear(std::vector<TensorDecl>& out, const std::string& name, std::int64_t outputs, std::int64_t inputs,
                    TensorUse use, int layer, bool task_head) {
  out.push_back({name + ".weight", {outputs, inputs}, use, layer, task_head});
  out.push_back({name + ".bias", {outputs}, TensorUse::lookup, layer, task_head});
}

std::vector<HeadSlice> own_slices(const std::string& query, const std::string& key, const std::string& value,
                                  const std::string& output, int position, int head_dim, bool bias) {
  const std::int64_t begin = std::int64_t{position} * head_dim, end = begin + head_dim;
  std::vector<HeadSlice> slices;
  const auto rows = [&](const std::string& name, SliceRole role) {
    slices.push_back({name + ".weight", 0, begin, end, role});
    if (bias) slices.push_back({name + ".bias", 0, begin, end, role});
  };
  rows(query, SliceRole::query);
  rows(key, SliceRole::key);
  rows(value, SliceRole::value);
  slices.push_back({output + ".weight", 1, begin, end, SliceRole::output});
  return slices;
}

std::vector<TensorDecl> EncoderArch::tensors(const ModelSpec& spec) const {
  const EncoderNames& n = names();
  std::vector<TensorDecl> all;
  all.push_back({n.word + ".weight", {spec.vocabulary, spec.hidden}, TensorUse::lookup, -1, false});
  all.push_back({n.position + ".weight", {position_rows(spec), spec.hidden}, TensorUse::lookup, -1, false});
  if (!n.token_type.empty())
    all.push_back({n.token_type + ".weight", {spec.token_types, spec.hidden}, TensorUse::lookup, -1, false});
  declare_norm(all, n.embedding_norm, spec.hidden, -1);
  for (int layer = 0; layer < spec.layer_count(); ++layer) {
    const LayerHeads& heads = spec.heads(layer);
    const std::int64_t width = std::int64_t{heads.count()} * heads.head_dim;
    for (const std::string& part : {n.query, n.key, n.value})
      declare_linear(all, n.in_layer(layer, part), width, spec.hidden, TensorUse::per_token, layer);
    declare_linear(all, n.in_layer(layer, n.output), spec.hidden, width, TensorUse::per_token, layer);
    declare_norm(all, n.in_layer(layer, n.attention_norm), spec.hidden, layer);
    declare_linear(all, n.in_layer(layer, n.up), spec.intermediate, spec.hidden, TensorUse::per_token, layer);
    declare_linear(all, n.in_layer(layer, n.down), spec.hidden, spec.intermediate, TensorUse::per_token, layer);
    declare_norm(all, n.in_layer(layer, n.output_norm), spec.hidden, layer);
  }
  for (TensorDecl& decl : head_tensors(spec)) all.push_back(std::move(decl));
  return all;
}

std::vector<HeadSlice> EncoderArch::head_slices(const ModelSpec& spec, int layer, int position) const {
  const EncoderNames& n = names();
  return own_slices(n.in_layer(layer, n.query), n.in_layer(layer, n.key), n.in_layer(layer, n.value), n.in_layer(layer, n.output),
                    position, spec.heads(layer).head_dim, true);
}

std::vector<HeadSlice> EncoderArch::kv_slices(const ModelSpec&, int, int) const { return {}; }

}  // namespace hies::model
