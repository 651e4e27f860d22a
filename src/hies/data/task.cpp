#include "hies/data/task.h"

#include <fmt/ranges.h>

#include <array>

#include "hies/base/error.h"
#include "hies/base/suggest.h"
#include "hies/data/tasks/tasks.h"

namespace hies::data {

std::span<const Task> tasks() {
  static const std::array kTasks = {
      sst2_task(),            //
      cola_task(),            //
      mrpc_task(),            //
      qqp_task(),             //
      stsb_task(),            //
      qnli_task(),            //
      mnli_task(),            //
      rte_task(),             //
      classification_task(),  //
      pair_classification_task(),
      regression_task(),
  };
  return kTasks;
}

const Task& task(std::string_view name) {
  std::vector<std::string> names;
  for (const Task& known : tasks()) {
    if (known.name == name) return known;
    names.push_back(known.name);
  }
  throw Error(ErrorKind::bad_input, fmt::format("unknown task '{}'", printable(name)), known_names_hint(name, names));
}

void check_model_fits(const Task& task, const model::ModelSpec& spec) {
  if (task.problem != spec.problem) {
    const bool wants_number = task.problem == model::Problem::regression;
    throw Error(
        ErrorKind::bad_input,
        fmt::format("task '{}' is a {} task, but the model is a {} model", task.name,
                    wants_number ? "regression" : "classification", wants_number ? "classification" : "regression"),
        wants_number ? "use a classification task, or a model with problem_type \"regression\"" : "use task regression or stsb");
  }
  if (!task.labels.empty() && task.labels.size() != spec.labels.size()) {
    throw Error(
        ErrorKind::bad_input,
        fmt::format("task '{}' has {} labels ({}), but the model has {} ({})", task.name, task.labels.size(),
                    fmt::join(task.labels, ", "), spec.labels.size(), printable(fmt::format("{}", fmt::join(spec.labels, ", ")))),
        "task classification takes the labels from the model");
  }
}

}  // namespace hies::data
