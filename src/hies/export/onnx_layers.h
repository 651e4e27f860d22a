#pragma once

#include "hies/export/onnx_graph.h"
#include "hies/export/weights.h"
#include "hies/model/spec.h"

namespace hies::exports {

// The parts that blocks, embeddings and task heads are made of, as ONNX's plain operators. ONNX Runtime and OpenVINO recognise these
// sequences and replace them by fused kernels of their own.
class OnnxLayers {
 public:
  OnnxLayers(OnnxGraph& graph, const Weights& weights) : graph_(graph), weights_(weights) {}

  OnnxGraph& graph() const noexcept { return graph_; }
  const Weights& weights() const noexcept { return weights_; }

  // Returns x · matrix + bias: [.., inputs] → [.., outputs].
  Value linear(const Value& x, const model::MatrixSpec& matrix) const;
  // Returns what linear() gives of no inputs at all: the bias [outputs]; empty: there is none, so nothing is to be added.
  Value linear_of_nothing(const model::MatrixSpec& matrix) const;
  Value norm(const Value& x, const model::NormSpec& norm) const;
  Value activation(const Value& x, model::Activation activation) const;
  // Returns rows of name.weight [rows, E]: those that `indices` name.
  Value lookup(const std::string& name, const Value& indices) const;
  // Returns x · the vector `name` [E]; x where the name is empty; nothing of nothing.
  Value scaled(const Value& x, const std::string& name) const;

 private:
  OnnxGraph& graph_;
  const Weights& weights_;
};

}  // namespace hies::exports
