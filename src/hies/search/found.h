#pragma once

#include <cstdint>
#include <vector>

#include "hies/base/json.h"
#include "hies/model/unit_set.h"

namespace hies::search {

// What a strategy found.
struct Found {
  model::UnitSet removed;              // meets the budget
  std::vector<model::UnitSet> others;  // further sets that do, best first: what else may be chosen from
  Json steps = Json::array();  // how it came about, step by step, for people; nothing that depends on the machine or the time
  std::int64_t step_count = 0;
  std::int64_t certain_steps = 0;  // greedy alone
  std::int64_t candidates = 0;     // units that might have been removed
  std::int64_t exhaustive = 0;     // masks that evaluating every candidate in every step would have taken; 0: no such number
  std::int64_t filled = 0;         // units that were removed by what was known of them when time was up
  bool stopped = false;            // time was up before the search's end
};

}  // namespace hies::search
