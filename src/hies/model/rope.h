#pragma once

#include <string_view>

#include "hies/base/json.h"

namespace hies::model {

enum class RopeKind { none, standard, linear, dynamic, llama3, yarn };

// Rotary position embedding (Su et al. 2021) with the scalings that transformers knows by these names.
struct Rope {
  RopeKind kind = RopeKind::none;
  double theta = 10000;
  double factor = 1;
  double original_positions = 0;                     // dynamic, llama3, yarn: positions of the model before it was stretched
  double low_freq_factor = 1, high_freq_factor = 4;  // llama3
  double beta_fast = 32, beta_slow = 1;              // yarn
  bool truncate = true;                              // yarn
  double attention_factor = 1;                       // yarn: of both tables
};

// Reads `rope_theta` with `rope_scaling` (transformers 4) or `rope_parameters` (5). `positions`: max_position_embeddings.
// Throws unsupported for another kind or for a part of the head only, bad_input for values that make no sense.
Rope parse_rope(const Json& config, std::string_view where, int positions);

// Tokens of the longest sequence: linear and dynamic scaling stretch max_position_embeddings.
int stretched_positions(const Rope& rope, int positions);

}  // namespace hies::model
