#include "hies/pipeline/preset.h"

#include <array>

#include "hies/base/error.h"
#include "hies/base/suggest.h"
#include "hies/data/task.h"

namespace hies::pipeline {

std::string_view preset_for(const prune::BudgetOptions& budget) {
  return budget.flops_ratio || budget.matrix_flops_ratio || budget.params_ratio || budget.latency_ratio ? "best" : "paper";
}

void apply_preset(std::string_view preset, const PresetTargets& targets, const std::function<bool(std::string_view)>& given) {
  if (preset == "paper") return;
  if (preset != "best") {
    const std::array<std::string, 2> known = {"paper", "best"};
    throw Error(ErrorKind::bad_input, fmt::format("unknown preset '{}'", printable(preset)), known_names_hint(preset, known));
  }
  constexpr std::string_view kBothSites = "attention,ffn";
  const auto set = [&](std::string_view name, auto& field, const auto& value) {
    if (!given(name)) field = value;
  };
  if (targets.method != nullptr) {
    set("method", targets.method->method, "fisher");
    set("sites", targets.method->sites, kBothSites);
  }
  bool removes_neurons = true;
  if (targets.score != nullptr) {
    set("sites", targets.score->sites, kBothSites);  // hies score has them; elsewhere the method's sites are scored
    set("tables", targets.score->tables, std::vector<std::string>{"fisher"});
  }
  if (targets.method != nullptr) removes_neurons = targets.method->sites != "attention";
  else if (targets.score != nullptr) removes_neurons = targets.score->sites != "attention";
  const bool of_texts = !targets.task.empty() && data::task(targets.task).problem == model::Problem::causal_lm;
  if (targets.score != nullptr) set("loss", targets.score->loss, of_texts && removes_neurons ? "ce" : "logit-norm");
  if (targets.refit != nullptr) set("refit", targets.refit->refit, of_texts && !removes_neurons ? "attention" : "all");
  if (targets.load != nullptr) set("examples", targets.load->examples, 512);
}

}  // namespace hies::pipeline
