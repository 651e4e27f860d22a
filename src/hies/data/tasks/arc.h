#pragma once

#include <string>

#include "hies/data/task.h"

namespace hies::data {

// Returns one of the two parts of the AI2 Reasoning Challenge: questions of school examinations in science. Both have one form.
Task arc(std::string name, std::string description);

}  // namespace hies::data
