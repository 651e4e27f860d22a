#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include "hies/base/json.h"
#include "hies/model/spec.h"

namespace hies::model {

class Network;  // network_torch.h
class Weights;  // weights_torch.h

// How a tensor takes part in a forward pass; from it follow FLOPs.
enum class TensorUse {
  lookup,       // embedding table: no arithmetic
  per_token,    // a matrix is multiplied with every token
  per_example,  // a matrix is multiplied once per example (pooler, classifier)
};

// One tensor that a family has, under its canonical (current transformers) name.
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

enum class SliceRole { query, key, value, output };

// Where a head stands in a tensor: indices begin … end-1 along `axis`.
struct HeadSlice {
  std::string tensor;  // canonical name
  int axis = 0;
  std::int64_t begin = 0;
  std::int64_t end = 0;
  SliceRole role = SliceRole::query;
};

// What other programs can read of a family whose layers have fewer heads than they began with.
struct Portability {
  bool pruned_heads = false;  // transformers 4: any heads, by the key of that name
  bool head_dim = false;      // transformers: the same number in every layer, with an explicit head size
  bool served = false;        // vLLM, SGLang, TensorRT-LLM: the same
  bool per_layer = false;     // llama.cpp: any number in each layer
};

// One family. All that the rest of hies may know of it.
class Arch {
 public:
  virtual ~Arch() = default;
  virtual std::string_view model_type() const noexcept = 0;
  virtual std::string_view description() const noexcept = 0;  // one line for `hies models`
  // The prefix that a checkpoint of the bare encoder lacks ("bert.").
  virtual std::string_view prefix() const noexcept = 0;
  // Whether transformers 4 understands `pruned_heads` for this family.
  virtual bool has_pruned_heads() const noexcept = 0;
  virtual Portability portability() const noexcept { return {.pruned_heads = has_pruned_heads()}; }
  // Writes into config.json that every layer has `heads` query and `kv_heads` KV heads of `head_dim`, in the words that the family's
  // loader reads, its model_type changed where only a relative's loader takes such numbers. By default nothing: the family's loader
  // takes no other numbers, and num_attention_heads stays.
  virtual void write_heads(Json& /*config*/, int /*heads*/, int /*kv_heads*/, int /*head_dim*/) const {}

  // Reads config.json. `where` names it in errors.
  virtual ModelSpec parse(const Json& config, std::string_view where) const = 0;
  // All tensors with the shapes that `spec` implies (a pruned layer's are smaller).
  virtual std::vector<TensorDecl> tensors(const ModelSpec& spec) const = 0;
  // The slices that belong to the query head at `position` of `layer` alone, and to the KV head at `position`.
  // Families without grouped KV heads list K and V rows with the query head, and give nothing for the KV head.
  virtual std::vector<HeadSlice> head_slices(const ModelSpec& spec, int layer, int position) const = 0;
  virtual std::vector<HeadSlice> kv_slices(const ModelSpec& spec, int layer, int position) const = 0;
  // The forward pass.
  virtual std::unique_ptr<Network> build(const ModelSpec& spec, const Weights& weights) const = 0;
};

// All families, in the order of `hies models`.
const std::vector<const Arch*>& all_archs();
// Throws unsupported, naming the known ones.
const Arch& find_arch(std::string_view model_type, std::string_view where);

}  // namespace hies::model
