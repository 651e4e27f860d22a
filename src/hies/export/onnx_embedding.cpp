#include "hies/export/onnx_embedding.h"

namespace hies::exports {
namespace {

using formats::DType;
using formats::OnnxSize;

Value text_input(OnnxGraph& graph, const std::string& name) {
  return graph.input({name, DType::int64, {std::string("batch_size"), std::string("sequence_length")}});
}

Value positions(const OnnxLayers& layers, const model::ModelSpec& spec, const OnnxText& text) {
  OnnxGraph& graph = layers.graph();
  if (spec.text.position_offset > 0) {
    const Value counted = graph.add("CumSum", {text.mask, graph.integer(1)});
    const Value real = graph.add("Mul", {counted, text.mask});
    return layers.lookup(spec.text.position, graph.add("Add", {real, graph.integer(spec.text.position_offset - 1)}));
  }
  const Value table = graph.tensor(layers.weights().whole(spec.text.position + ".weight"));
  return graph.add("Slice", {table, graph.integers({0}), graph.shape(text.ids, 1, 2), graph.integers({0})});
}

// The tokens before the patches, once for each image of `pixels`: [B, leading, E].
Value leading_tokens(const OnnxLayers& layers, const model::ModelSpec& spec, const Value& pixels) {
  OnnxGraph& graph = layers.graph();
  Values tokens;
  for (const std::string& token : spec.vision.leading) tokens.push_back(graph.tensor(layers.weights().whole(token)));
  const Value all = tokens.size() == 1 ? tokens.front() : graph.add("Concat", tokens, {{"axis", std::int64_t{1}}});
  const Value shape = graph.add("Concat", {graph.shape(pixels, 0, 1), graph.integers({1, 1})}, {{"axis", std::int64_t{0}}});
  return graph.add("Expand", {all, shape});
}

// The positions of the patches of a grid, of which `filtered` [B, E, down, across] is one: [1, tokens, E]. They are interpolated as
// nn::Embedding does it.
Value resized_positions(const OnnxLayers& layers, const model::ModelSpec& spec, const Value& filtered) {
  OnnxGraph& graph = layers.graph();
  const model::VisionSpec& vision = spec.vision;
  const std::int64_t E = spec.hidden, leading = std::ssize(vision.leading);
  const std::int64_t down = vision.height / vision.patch_height, across = vision.width / vision.patch_width;
  formats::TensorSource own = layers.weights().rows(vision.position, 0, leading);
  own.name += ".leading";
  own.shape = {1, leading, E};
  formats::TensorSource grid = layers.weights().columns(vision.position, leading, down * across);
  grid.name += ".patches";
  grid.shape = {1, E, down, across};
  const Value sizes = graph.add("Concat", {graph.integers({1, E}), graph.shape(filtered, 2, 4)}, {{"axis", std::int64_t{0}}});
  const Value resized = graph.add(
      "Resize", {graph.tensor(std::move(grid)), "", "", sizes},
      {{"mode", std::string("cubic")}, {"coordinate_transformation_mode", std::string("half_pixel")}, {"cubic_coeff_a", -0.75F}});
  const Value rows =
      graph.add("Transpose", {graph.add("Reshape", {resized, graph.integers({1, E, -1})})}, {{"perm", Integers{0, 2, 1}}});
  return graph.add("Concat", {graph.tensor(std::move(own)), rows}, {{"axis", std::int64_t{1}}});
}

}  // namespace

OnnxText onnx_text_inputs(const OnnxLayers& layers, const model::ModelSpec& spec) {
  OnnxText text;
  text.ids = text_input(layers.graph(), "input_ids");
  text.mask = text_input(layers.graph(), "attention_mask");
  if (spec.text.token_types > 1) text.token_types = text_input(layers.graph(), "token_type_ids");
  return text;
}

Value onnx_text_embedding(const OnnxLayers& layers, const model::ModelSpec& spec, const OnnxText& text) {
  OnnxGraph& graph = layers.graph();
  const OnnxGraph::Scope scope(graph, "embedding");
  Value sum = layers.lookup(spec.text.word, text.ids);
  // The only type of a family with one is added to every token.
  if (spec.text.token_types == 1)
    sum = graph.add("Add", {sum, graph.tensor(layers.weights().whole(spec.text.token_type + ".weight"))});
  else if (spec.text.token_types > 1) sum = graph.add("Add", {sum, layers.lookup(spec.text.token_type, text.token_types)});
  if (!spec.text.position.empty()) sum = graph.add("Add", {sum, positions(layers, spec, text)});
  return spec.text.norm ? layers.norm(sum, *spec.text.norm) : sum;
}

Value onnx_image_embedding(const OnnxLayers& layers, const model::ModelSpec& spec, bool any_size) {
  OnnxGraph& graph = layers.graph();
  const OnnxGraph::Scope scope(graph, "embedding");
  const model::VisionSpec& vision = spec.vision;
  const auto side = [&](const char* name, int pixels) { return any_size ? OnnxSize(std::string(name)) : OnnxSize(pixels); };
  Value pixels = graph.input(
      {"pixel_values",
       DType::float32,
       {std::string("batch_size"), std::int64_t{vision.channels}, side("height", vision.height), side("width", vision.width)}});
  if (graph.dtype() != DType::float32) pixels = graph.cast(pixels, graph.dtype());
  Values inputs = {pixels, graph.tensor(layers.weights().whole(vision.patches.name + ".weight"))};
  if (vision.patches.bias) inputs.push_back(graph.tensor(layers.weights().whole(vision.patches.name + ".bias")));
  const Integers patch = {vision.patch_height, vision.patch_width};
  const Value filtered = graph.add("Conv", inputs, {{"kernel_shape", patch}, {"strides", patch}});
  const Value flat = graph.add("Reshape", {filtered, graph.integers({0, spec.hidden, -1})});
  const Value patches = graph.add("Transpose", {flat}, {{"perm", Integers{0, 2, 1}}});
  const Value all = graph.add("Concat", {leading_tokens(layers, spec, pixels), patches}, {{"axis", std::int64_t{1}}});
  const Value positions =
      any_size ? resized_positions(layers, spec, filtered) : graph.tensor(layers.weights().whole(vision.position));
  return graph.add("Add", {all, positions});
}

}  // namespace hies::exports
