#pragma once

#include <string>
#include <string_view>

#include "hies/arch/encoder_task.h"
#include "hies/base/json.h"
#include "hies/model/spec.h"

namespace hies::arch {

// What BERT and those after it differ in, besides their task heads.
struct BertNames {
  std::string model_type;
  std::string prefix;  // of its tensors: "bert."
  ClassStems classes;
  int position_offset = 0;  // positions at the start of the table that no token uses
};

// Returns the description of BERT or RoBERTa without its task head: they share config.json and the names of tensors.
model::ModelSpec parse_bert_config(const Json& config, std::string_view where, const BertNames& names);

// Returns the description of RoBERTa, whole, under another model_type: XLM-RoBERTa and CamemBERT are RoBERTa with other vocabularies.
model::ModelSpec parse_roberta_like(const Json& config, std::string_view where, const std::string& model_type);

}  // namespace hies::arch
