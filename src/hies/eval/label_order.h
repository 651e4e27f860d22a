#pragma once

#include <string>
#include <vector>

#include "hies/eval/predict.h"

namespace hies::eval {

// Predictions over the classes `theirs` [V] in the order of `mine`, where both name the same classes; unchanged where they do not
// (or a name stands twice), and ids are taken as they are. Two checkpoints of one task may number its labels differently.
Predictions in_label_order(Predictions predictions, const std::vector<std::string>& theirs, const std::vector<std::string>& mine);

}  // namespace hies::eval
