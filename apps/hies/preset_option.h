#pragma once

#include <string>
#include <string_view>

#include "arguments.h"
#include "hies/pipeline/preset.h"
#include "terminal.h"

namespace hies::cli {

inline constexpr std::string_view kPresetHelp =
    "paper: HIES of heads, no refit; best: heads and neurons by Fisher information, refitted, without labels (default: best for "
    "a share of "
    "FLOPs, parameters or latency, else paper); options that are given stay";

// Applies the preset that is named, else, where no method is given, the one that fits the budget, which is said on standard error when it
// is not the paper's.
inline void apply_preset(const Arguments& arguments, std::string preset, const prune::BudgetOptions& budget,
                         const pipeline::PresetTargets& targets, bool quiet) {
  if (preset.empty()) {
    preset = arguments.given("method") ? "paper" : std::string(pipeline::preset_for(budget));
    if (preset != "paper" && !quiet)
      print_note("preset best: heads and neurons, refitted (`--preset paper` for HIES of heads alone)");
  }
  pipeline::apply_preset(preset, targets, [&](std::string_view name) { return arguments.given_if_declared(name); });
}

}  // namespace hies::cli
