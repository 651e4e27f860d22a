#pragma once

#include <filesystem>

#include "hies/arch/tensor_names.h"
#include "hies/base/json.h"
#include "hies/formats/tensor_store.h"

namespace hies::arch {

// What is known of a checkpoint while its tensors are looked for.
struct CheckpointParts {
  const std::filesystem::path& folder;
  const Json& config;
  const formats::TensorStore& store;
  const TensorNames& names;
  const std::vector<model::TensorDecl>& declared;
};

// Returns what the index says of a tensor that is not there; empty: nothing.
std::string why_missing(const formats::TensorStore& store, const TensorNames& names, const std::string& canonical);

// Throws an error that says which tensor the model needs and, by what is there instead, why: an index that places it elsewhere, names
// with a prefix, an adapter that is not merged, quantised weights, fewer layers, names of another library. unsupported for adapters
// and quantised weights, else bad_input.
[[noreturn]] void refuse_missing(const CheckpointParts& parts, const model::TensorDecl& missing);

}  // namespace hies::arch
