#pragma once

#include <string>
#include <vector>

#include "hies/model/arch/arch.h"

namespace hies::model {

// Tensor names of a decoder with normalisation before each block. Names inside a layer follow `layer` + number + ".".
struct DecoderNames {
  std::string word, position;  // position empty: rotary positions
  std::string layer;
  std::string query, key, value, output;  // query, key and value are one name where they are one matrix
  std::string query_norm, key_norm;       // where the spec has them
  std::string attention_norm, mlp_norm;
  std::string gate, up, down;  // gate empty: a plain feed-forward layer
  std::string final_norm;

  std::string in_layer(int index, const std::string& part) const { return layer + std::to_string(index) + "." + part; }
};

// What all decoders have in common; a family adds its config and its names.
class DecoderArch : public Arch {
 public:
  std::vector<TensorDecl> tensors(const ModelSpec& spec) const override;
  bool has_pruned_heads() const noexcept override { return false; }
  std::unique_ptr<Network> build(const ModelSpec& spec, const Weights& weights) const override;

  virtual const DecoderNames& names() const noexcept = 0;

 protected:
  virtual void declare_layer(std::vector<TensorDecl>& out, const ModelSpec& spec, int layer) const = 0;
  virtual bool norms_have_bias() const noexcept { return false; }
};

// LLaMA and those after it: RMS norms, rotary positions, a gated feed-forward layer, query heads that may share KV heads.
class LlamaLikeArch : public DecoderArch {
 public:
  std::string_view prefix() const noexcept override { return "model."; }
  const DecoderNames& names() const noexcept override;
  std::vector<HeadSlice> head_slices(const ModelSpec& spec, int layer, int position) const override;
  std::vector<HeadSlice> kv_slices(const ModelSpec& spec, int layer, int position) const override;
  Portability portability() const noexcept override {
    return {.pruned_heads = false, .head_dim = true, .served = true, .per_layer = true};
  }
  void write_heads(Json& config, int heads, int kv_heads, int head_dim) const override;

 protected:
  void declare_layer(std::vector<TensorDecl>& out, const ModelSpec& spec, int layer) const override;
};

}  // namespace hies::model
