#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "hies/base/json.h"
#include "hies/model/spec.h"

namespace hies::arch {

// The parts of config.json that every family shares. All throw bad_input that names `where` and the offending value.

// Most layers of a model, and heads of a layer: far above any that exists, and no table of heads that a config.json makes up fills
// the memory.
inline constexpr int kMostLayers = 4096;
inline constexpr int kMostHeads = 4096;
inline constexpr int kMostNeurons = (1 << 24) - 1;
inline constexpr std::int64_t kMostNeuronsInAll = 1 << 26;

// Returns a required integer least … most.
int require_count(const Json& config, std::string_view key, std::string_view where, int least = 1, int most = 1 << 30);

// Fills problem and labels from id2label, num_labels and problem_type.
void parse_task(const Json& config, std::string_view where, model::ModelSpec& spec);

// What every layer of the original model has.
struct UnitCounts {
  int layers = 0;
  int heads = 0, kv_heads = 0;
  int head_dim = 0;
  int neurons = 0;  // width of the feed-forward network
};

// Returns which heads and neurons are left: from the `hies` block of a directory that hies has pruned, else from transformers'
// `pruned_heads`, else all.
model::Layout parse_layout(const Json& config, std::string_view where, const UnitCounts& counts);

// Returns a feed-forward network of so many neurons, none of which is removed.
model::SiteLayout whole_ffn(int neurons);

// Returns whether the `hies` block of config.json gives the widths of the feed-forward networks.
bool states_neurons(const Json& config);

// Returns hidden size / heads; they must divide.
int head_dim_of(int hidden, int heads, std::string_view heads_key, std::string_view where);

// Return the parts of a description.
inline model::NormSpec layer_norm(const std::string& name, double epsilon) {
  return {name, model::NormKind::layer_norm, epsilon};
}
inline model::NormSpec rms_norm(const std::string& name, double epsilon) { return {name, model::NormKind::rms_norm, epsilon}; }
inline model::MatrixSpec matrix(const std::string& name, bool bias = true) { return {.name = name, .bias = bias}; }

}  // namespace hies::arch
