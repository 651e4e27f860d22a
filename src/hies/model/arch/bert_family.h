#pragma once

#include <string>

#include "hies/model/arch/encoder.h"

namespace hies::model {

// config.json as BERT and RoBERTa share it. `position_offset`: positions at the start of the table that no token uses.
ModelSpec parse_bert_config(const Json& config, std::string_view where, std::string_view model_type, int position_offset);

// BERT's tensor names under another prefix ("bert.", "roberta.").
EncoderNames bert_names(const std::string& prefix);

}  // namespace hies::model
