#pragma once

#include "hies/arch/tensor_names.h"
#include "hies/model/spec.h"

namespace hies::arch {

// Fills in the output matrix of a language model: `tied`, its table of word embeddings, or else lm_head.
void set_output_matrix(model::ModelSpec& spec, bool tied);

// Whether the output matrix is the table of word embeddings is decided as transformers 5 does: by the weights. Where config.json ties
// the two and both are stored with different values, each is used, and the result is true.
bool untie_if_different(const TensorNames& names, model::ModelSpec& spec);

// Returns the canonical name under which a table of word embeddings that is tied and missing may be stored; empty: under no other.
std::string name_of_tied_table(const model::ModelSpec& spec, const std::string& canonical);

}  // namespace hies::arch
