#pragma once

#include "hies/base/json.h"
#include "hies/export/spread.h"
#include "hies/export/transformers.h"

namespace hies::exports {

// What is written: the shapes, and the words of config.json for them.
struct FormPlan {
  TransformersForm form;
  model::Layout layout;
  Json config;
};

// Decides the form. Throws as write_transformers does.
FormPlan plan_form(const arch::Checkpoint& checkpoint, const std::string& wanted);

}  // namespace hies::exports
