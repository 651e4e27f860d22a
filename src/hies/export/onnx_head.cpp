#include "hies/export/onnx_head.h"

#include <limits>

#include "hies/base/error.h"

namespace hies::exports {
namespace {

using formats::DType;
using formats::OnnxValue;
using model::Pooling;

Value token(OnnxGraph& graph, const Value& hidden, std::int64_t index) {
  return graph.add("Gather", {hidden, graph.integer(index)}, {{"axis", std::int64_t{1}}});
}

// Returns what each classifier reads: [B, E] or [B, 2E].
Values pooled(OnnxGraph& graph, const model::ModelSpec& spec, const Value& hidden) {
  switch (spec.head.pooling) {
    case Pooling::first: return {token(graph, hidden, 0)};
    case Pooling::first_two: return {token(graph, hidden, 0), token(graph, hidden, 1)};
    case Pooling::first_and_mean: {
      const Value others = graph.slice(hidden, 1, 1, std::numeric_limits<std::int64_t>::max());
      const Value mean = graph.add("ReduceMean", {others}, {{"axes", Integers{1}}, {"keepdims", std::int64_t{0}}});
      return {graph.add("Concat", {token(graph, hidden, 0), mean}, {{"axis", std::int64_t{-1}}})};
    }
    case Pooling::last:
    case Pooling::targets: break;
  }
  check(false, "the pooling of a decoder in an encoder");
  return {};
}

// Results are float32 whatever the weights are.
void output(OnnxGraph& graph, const Value& value, const OnnxValue& as) {
  if (graph.dtype() == DType::float32) graph.add_output("Identity", {value}, as);
  else graph.add_output("Cast", {value}, as, {{"to", formats::onnx_type(DType::float32)}});
}

}  // namespace

int rows_of_head(const model::ModelSpec& spec) {
  if (spec.problem == model::Problem::hidden_states) return 0;
  if (spec.head.pooling == Pooling::first) return 1;
  return spec.head.pooling == Pooling::first_two ? 2 : 0;
}

void onnx_encoder_head(const OnnxLayers& layers, const model::ModelSpec& spec, const Value& hidden) {
  OnnxGraph& graph = layers.graph();
  const OnnxGraph::Scope scope(graph, "head");
  const Value states = spec.final_norm ? layers.norm(hidden, *spec.final_norm) : hidden;
  const std::string batch = "batch_size";
  if (spec.problem == model::Problem::hidden_states)
    return output(graph, states,
                  {"last_hidden_state", DType::float32, {batch, std::string("sequence_length"), std::int64_t{spec.hidden}}});
  Values inputs = pooled(graph, spec, states);
  for (const model::TaskHeadSpec::Dense& dense : spec.head.dense)
    inputs = {layers.activation(layers.linear(inputs.front(), dense.matrix), dense.activation)};
  Value logits = layers.linear(inputs.front(), spec.head.classifiers.front());
  const auto count = static_cast<std::int64_t>(spec.head.classifiers.size());
  for (std::size_t i = 1; i < spec.head.classifiers.size(); ++i)
    logits = graph.add("Add", {logits, layers.linear(inputs[i], spec.head.classifiers[i])});
  if (count > 1) logits = graph.add("Div", {logits, graph.number(static_cast<double>(count))});
  output(graph, logits, {"logits", DType::float32, {batch, std::int64_t{spec.outputs()}}});
}

}  // namespace hies::exports
