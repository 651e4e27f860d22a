#pragma once

#include <string>
#include <string_view>

#include "commands.h"
#include "hies/pipeline/prune_run.h"

namespace hies::cli {

// Returns the command as it was typed: `hies NAME` and its words.
std::string as_typed(std::string_view name, Words words);
// Return what a job of `hies prune` or `hies refit` gave, as one document and as text.
Json prune_json(const pipeline::PruneRequest& request, const pipeline::PruneRun& run);
std::string prune_text(const pipeline::PruneRequest& request, const pipeline::PruneRun& run);

}  // namespace hies::cli
