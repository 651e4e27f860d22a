#include "hies/export/onnx_layers.h"

#include <cmath>
#include <numbers>

#include "hies/base/error.h"

namespace hies::exports {
namespace {

Value half_of(OnnxGraph& graph, const Value& x, const Value& one_plus) {
  const Value sum = graph.add("Add", {one_plus, graph.number(1)});
  return graph.add("Mul", {graph.add("Mul", {x, sum}), graph.number(0.5)});
}

// x/2 · (1 + erf(x/√2))
Value gelu(OnnxGraph& graph, const Value& x) {
  return half_of(graph, x, graph.add("Erf", {graph.add("Div", {x, graph.number(std::numbers::sqrt2)})}));
}

// x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³)))
Value gelu_tanh(OnnxGraph& graph, const Value& x) {
  const Value cube = graph.add("Mul", {graph.add("Mul", {x, x}), x});
  const Value inner = graph.add("Add", {x, graph.add("Mul", {cube, graph.number(0.044715)})});
  const double scale = std::sqrt(2 * std::numbers::inv_pi);
  return half_of(graph, x, graph.add("Tanh", {graph.add("Mul", {inner, graph.number(scale)})}));
}

}  // namespace

Value OnnxLayers::linear(const Value& x, const model::MatrixSpec& matrix) const {
  const Value product = graph_.add("MatMul", {x, graph_.tensor(weights_.matrix(matrix))});
  return matrix.bias ? graph_.add("Add", {product, graph_.tensor(weights_.bias(matrix))}) : product;
}

Value OnnxLayers::linear_of_nothing(const model::MatrixSpec& matrix) const {
  return matrix.bias ? graph_.tensor(weights_.bias(matrix)) : Value();
}

Value OnnxLayers::norm(const Value& x, const model::NormSpec& norm) const {
  const Value weight = graph_.tensor(weights_.whole(norm.name + ".weight"));
  if (norm.kind == model::NormKind::layer_norm)
    return graph_.add("LayerNormalization", {x, weight, graph_.tensor(weights_.whole(norm.name + ".bias"))},
                      {{"axis", std::int64_t{-1}}, {"epsilon", static_cast<float>(norm.epsilon)}});
  // Squares of float16 would overflow.
  const bool wide = graph_.dtype() == formats::DType::float32;
  const Value exact = wide ? x : graph_.cast(x, formats::DType::float32);
  const Value square = graph_.add("Mul", {exact, exact});
  const Value mean = graph_.add("ReduceMean", {square}, {{"axes", Integers{-1}}, {"keepdims", std::int64_t{1}}});
  const Value root = graph_.add("Sqrt", {graph_.add("Add", {mean, graph_.number_of(norm.epsilon, formats::DType::float32)})});
  const Value normed = graph_.add("Div", {exact, root});
  return graph_.add("Mul", {wide ? normed : graph_.cast(normed, graph_.dtype()), weight});
}

Value OnnxLayers::activation(const Value& x, model::Activation activation) const {
  using model::Activation;
  switch (activation) {
    case Activation::none: return x;
    case Activation::gelu: return gelu(graph_, x);
    case Activation::gelu_tanh: return gelu_tanh(graph_, x);
    case Activation::relu: return graph_.add("Relu", {x});
    case Activation::silu: return graph_.add("Mul", {x, graph_.add("Sigmoid", {x})});
    case Activation::tanh: return graph_.add("Tanh", {x});
  }
  check(false, "unknown activation");
  return {};
}

Value OnnxLayers::lookup(const std::string& name, const Value& indices) const {
  return graph_.add("Gather", {graph_.tensor(weights_.whole(name + ".weight")), indices});
}

Value OnnxLayers::scaled(const Value& x, const std::string& name) const {
  return name.empty() || x.empty() ? x : graph_.add("Mul", {x, graph_.tensor(weights_.whole(name))});
}

}  // namespace hies::exports
