#pragma once

#include <string>
#include <string_view>

#include "hies/base/json.h"
#include "hies/model/spec.h"

namespace hies::arch {

// Returns the description of BERT or RoBERTa without its task head: they share config.json and the names of tensors behind
// `prefix` ("bert."). `position_offset`: positions at the start of the table that no token uses.
model::ModelSpec parse_bert_config(const Json& config, std::string_view where, const std::string& model_type,
                                   const std::string& prefix, int position_offset);

}  // namespace hies::arch
