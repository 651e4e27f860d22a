#include "hies/export/onnx_block.h"

#include <fmt/format.h>

namespace hies::exports {
namespace {

using model::FfnSpec;

// The sum of a result and what the part read. A part without a result (no heads, no neurons, no bias) adds nothing.
Value with_residual(OnnxGraph& graph, const Value& result, const Value& residual) {
  return result.empty() ? residual : graph.add("Add", {result, residual});
}

// Returns the rows of `hidden` that the layer's result is wanted of.
Value wanted_rows(OnnxGraph& graph, const Value& hidden, int first_rows) {
  return first_rows > 0 ? graph.slice(hidden, 1, 0, first_rows) : hidden;
}

Value attention(const OnnxLayers& layers, const model::ModelSpec& spec, int layer, const Value& read, const OnnxRun& run,
                int first_rows) {
  const OnnxGraph::Scope scope(layers.graph(), "attention");
  const model::AttentionSpec& attention = spec.layer(layer).attention;
  const model::SiteLayout& heads = spec.layout.attention(layer);
  if (heads.count() == 0) return layers.scaled(layers.linear_of_nothing(attention.output), attention.scale);
  const Value outputs = attend(layers, attention, heads, wanted_rows(layers.graph(), read, first_rows), read, run);
  return layers.scaled(layers.linear(outputs, attention.output), attention.scale);
}

Value feed_forward(const OnnxLayers& layers, const model::ModelSpec& spec, int layer, const Value& read) {
  const OnnxGraph::Scope scope(layers.graph(), "ffn");
  const FfnSpec& ffn = spec.layer(layer).ffn;
  if (spec.layout.ffn(layer).count() == 0) return layers.scaled(layers.linear_of_nothing(ffn.down), ffn.scale);
  Value active;
  if (ffn.gate) {
    const Value gate = layers.activation(layers.linear(read, *ffn.gate), ffn.activation);
    active = layers.graph().add("Mul", {gate, layers.linear(read, ffn.up)});
  } else {
    active = layers.activation(layers.linear(read, ffn.up), ffn.activation);
  }
  return layers.scaled(layers.linear(active, ffn.down), ffn.scale);
}

}  // namespace

Value onnx_block(const OnnxLayers& layers, const model::ModelSpec& spec, int layer, const Value& hidden, const OnnxRun& run,
                 int first_rows) {
  OnnxGraph& graph = layers.graph();
  const OnnxGraph::Scope scope(graph, fmt::format("layers.{}", layer));
  const model::LayerSpec& description = spec.layer(layer);
  const Value rows = wanted_rows(graph, hidden, first_rows);
  if (spec.norm_order == model::NormOrder::pre) {
    const Value read = layers.norm(hidden, description.attention.norm);
    const Value sum = with_residual(graph, attention(layers, spec, layer, read, run, first_rows), rows);
    return with_residual(graph, feed_forward(layers, spec, layer, layers.norm(sum, description.ffn.norm)), sum);
  }
  const Value attended = layers.norm(with_residual(graph, attention(layers, spec, layer, hidden, run, first_rows), rows),
                                     description.attention.norm);
  return layers.norm(with_residual(graph, feed_forward(layers, spec, layer, attended), attended), description.ffn.norm);
}

}  // namespace hies::exports
