#pragma once

#include <string>

#include "hies/model/arch/arch.h"

namespace hies::model {

// Tensor names of an encoder with normalisation after each block (Vaswani et al. 2017; BERT and its relatives).
// Names inside a layer follow `layer` + number + "."; linear layers have ".weight" and ".bias".
struct EncoderNames {
  std::string word, position, token_type, embedding_norm;  // token_type empty: the family has none
  std::string layer;
  std::string query, key, value, output, attention_norm;
  std::string up, down, output_norm;

  std::string in_layer(int index, const std::string& part) const { return layer + std::to_string(index) + "." + part; }
};

// What BERT, RoBERTa and DistilBERT have in common; a family adds its config, its names and its task head.
class EncoderArch : public Arch {
 public:
  std::vector<TensorDecl> tensors(const ModelSpec& spec) const override;
  std::vector<HeadSlice> head_slices(const ModelSpec& spec, int layer, int position) const override;
  std::vector<HeadSlice> kv_slices(const ModelSpec& spec, int layer, int position) const override;
  bool has_pruned_heads() const noexcept override { return true; }

  virtual const EncoderNames& names() const noexcept = 0;
  // Rows of the position table (RoBERTa: more than `spec.positions`).
  virtual int position_rows(const ModelSpec& spec) const { return spec.positions; }
  virtual std::vector<TensorDecl> head_tensors(const ModelSpec& spec) const = 0;
};

// Declarations of name.weight [out, in] and name.bias [out].
void declare_linear(std::vector<TensorDecl>& out, const std::string& name, std::int64_t outputs, std::int64_t inputs,
                    TensorUse use, int layer, bool task_head = false);
// Of name.weight and name.bias [size].
void declare_norm(std::vector<TensorDecl>& out, const std::string& name, std::int64_t size, int layer);

// What belongs to the head at `position` alone: its rows of query, key and value (with their biases, if they have any), and its
// columns of the output projection. Full names, without ".weight".
std::vector<HeadSlice> own_slices(const std::string& query, const std::string& key, const std::string& value,
                                  const std::string& output, int position, int head_dim, bool bias);

}  // namespace hies::model
