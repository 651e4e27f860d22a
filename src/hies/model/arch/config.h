#pragma once

#include <string>
#include <string_view>

#include "hies/base/json.h"
#include "hies/model/spec.h"

namespace hies::model {

// The parts of config.json that every family shares. All throw bad_input that names `where` and the offending value.

// Most layers of a model, and heads of a layer: far above any that exists, and no table of heads that a config.json makes up fills
// the memory.
inline constexpr int kMostLayers = 4096;
inline constexpr int kMostHeads = 4096;

// A required integer least … most.
int require_count(const Json& config, std::string_view key, std::string_view where, int least = 1, int most = 1 << 30);

// Fills problem and labels from id2label, num_labels and problem_type.
void parse_task(const Json& config, std::string_view where, ModelSpec& spec);

struct HeadCounts {
  int layers = 0;
  int heads = 0;     // per layer, before any pruning
  int kv_heads = 0;  // the same
  int head_dim = 0;
};

// Which heads are left: from the `hies` block of a directory that hies has pruned, else from transformers' `pruned_heads`, else all.
HeadLayout parse_layout(const Json& config, std::string_view where, const HeadCounts& counts);

// Hidden size / heads; they must divide.
int head_dim_of(int hidden, int heads, std::string_view heads_key, std::string_view where);

}  // namespace hies::model
