#include "hies/data/tasks/arc.h"

namespace hies::data {

Task arc_easy_task() { return arc("arc-easy", "Questions of school examinations in science, the easy part"); }

}  // namespace hies::data
