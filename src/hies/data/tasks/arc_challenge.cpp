#include "hies/data/tasks/arc.h"

namespace hies::data {

Task arc_challenge_task() { return arc("arc-challenge", "Questions of school examinations in science, the hard part"); }

}  // namespace hies::data
