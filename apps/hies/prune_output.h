#pragma once

#include <string>
#include <string_view>

#include "commands.h"
#include "head_map.h"
#include "hies/pipeline/prune_run.h"

namespace hies::cli {

// Returns the command as it was typed: `hies NAME` and its words.
std::string as_typed(std::string_view name, Words words);
// Return what a job of `hies prune` or `hies refit` gave, as one document and as text. `map`: null where nothing was scored.
Json to_json(const pipeline::PruneRequest& request, const pipeline::PruneRun& run);
std::string describe(const pipeline::PruneRequest& request, const pipeline::PruneRun& run, const HeadMap* map);

}  // namespace hies::cli
