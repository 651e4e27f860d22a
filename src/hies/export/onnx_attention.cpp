#include "hies/export/onnx_attention.h"

#include <cmath>

namespace hies::exports {
namespace {

// Rows [B, T, N·D] by head: [B, N, T, D], or [B, N, D, T] as the product with queries wants keys.
Value by_head(const OnnxLayers& layers, const Value& rows, std::int64_t count, std::int64_t size, bool keys) {
  OnnxGraph& graph = layers.graph();
  const Value split = graph.add("Reshape", {rows, graph.integers({0, 0, count, size})});
  return graph.add("Transpose", {split}, {{"perm", keys ? Integers{0, 2, 3, 1} : Integers{0, 2, 1, 3}}});
}

// Copies the KV heads so that every query head has its own.
Value for_each_head(const OnnxLayers& layers, const Value& of_kv_heads, const model::SiteLayout& heads) {
  if (!heads.grouped()) return of_kv_heads;
  Integers positions;
  for (const std::int32_t position : heads.kv_positions()) positions.push_back(position);
  OnnxGraph& graph = layers.graph();
  return graph.add("Gather", {of_kv_heads, graph.integers(positions)}, {{"axis", std::int64_t{1}}});
}

}  // namespace

Value attend(const OnnxLayers& layers, const model::AttentionSpec& attention, const model::SiteLayout& heads,
             const Value& queries, const Value& keys, const OnnxRun& run) {
  OnnxGraph& graph = layers.graph();
  const std::int64_t D = heads.unit_size;
  const Value query = by_head(layers, layers.linear(queries, attention.query), heads.count(), D, false);
  const Value key = by_head(layers, layers.linear(keys, attention.key), heads.kv_count(), D, true);
  const Value value = by_head(layers, layers.linear(keys, attention.value), heads.kv_count(), D, false);
  const Value products = graph.add("MatMul", {query, for_each_head(layers, key, heads)});
  Value scores = graph.add("Div", {products, graph.number(std::sqrt(static_cast<double>(D)))});
  if (!run.mask.empty()) scores = graph.add("Add", {scores, run.mask});
  const Value weights = graph.add("Softmax", {scores}, {{"axis", std::int64_t{-1}}});
  const Value outputs = graph.add("MatMul", {weights, for_each_head(layers, value, heads)});
  const Value rows = graph.add("Transpose", {outputs}, {{"perm", Integers{0, 2, 1, 3}}});
  return graph.add("Reshape", {rows, graph.integers({0, 0, heads.width()})});
}

}  // namespace hies::exports
