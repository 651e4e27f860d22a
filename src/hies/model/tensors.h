#pragma once

#include <cstdint>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

#include "hies/model/spec.h"

namespace hies::model {

// How a tensor takes part in a forward pass; FLOPs follow from it.
enum class TensorUse {
  lookup,       // embedding table, vector: no matrix product
  per_token,    // a matrix is multiplied with every token
  per_example,  // a matrix is multiplied once per example (pooler, classifier)
};

// One tensor that a model has, under its canonical name.
struct TensorDecl {
  std::string name;
  std::vector<std::int64_t> shape;
  TensorUse use = TensorUse::per_token;
  int layer = -1;          // -1: outside the layers
  bool task_head = false;  // may be absent from a checkpoint without a task

  std::int64_t elements() const noexcept {
    return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
  }
};

// Returns all tensors with the shapes that `spec` implies; those of a layer whose units were removed are smaller.
std::vector<TensorDecl> tensors(const ModelSpec& spec);

// Returns the names under which Model::load takes matrices [E, E] for the residual stream after a site's addition, before a norm that
// follows it, and after the embedding's sum. No checkpoint has such tensors.
std::string stream_projection(Site site);
inline constexpr const char* kEmbeddingProjection = "stream.embedding";

// What a slice of a unit is multiplied as.
enum class SliceRole { query, key, value, output, gate, up, down };

// Where a unit stands in a tensor: indices begin … end-1 along `axis`.
struct Slice {
  std::string tensor;  // canonical name
  int axis = 0;
  std::int64_t begin = 0;
  std::int64_t end = 0;
  SliceRole role = SliceRole::query;
};

// Returns the slices that belong to the unit at `position` of the site alone. Where query heads share KV heads, rows of keys and values
// belong to the KV head. Norms of queries and keys are one for all heads of a layer, so they are no head's.
std::vector<Slice> unit_slices(const ModelSpec& spec, Site site, int position);
// Returns the slices of the KV head at `position`; none where query heads do not share KV heads.
std::vector<Slice> kv_slices(const ModelSpec& spec, Site site, int position);

}  // namespace hies::model
