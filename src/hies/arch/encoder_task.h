#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "hies/base/json.h"
#include "hies/model/spec.h"

namespace hies::arch {

// What begins the names of a family's classes in transformers: "Bert" of BertForSequenceClassification. Several where the classes
// compute the same.
using ClassStems = std::vector<std::string>;

// Fills problem and labels of an encoder from the class that `architectures` names. A class of the bare encoder, or none, leaves it to
// the tensors whether there is a task head (resolve_task_head). A class with a head that is not read here (token classification,
// question answering, masked language model, …) gives hidden states and its name in ModelSpec::other_head.
// Throws unsupported for a class that is not the family's; and what parse_task throws.
void parse_encoder_task(const Json& config, std::string_view where, const ClassStems& stems, model::ModelSpec& spec);

// Takes the task head out of the description of an encoder that has none that is read, by `architectures` or by its tensors. Where
// `architectures` names no classifier, one without the layers before it is another class's. `stored`: whether a tensor is in the
// checkpoint, by its canonical name; `names`: all that are, as they are stored. Decoders stay as they are.
void resolve_task_head(const Json& config, const std::function<bool(const std::string&)>& stored,
                       const std::vector<std::string>& names, model::ModelSpec& spec);

}  // namespace hies::arch
