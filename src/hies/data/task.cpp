#include "hies/data/task.h"

#include <fmt/ranges.h>

#include <array>

#include "hies/base/error.h"
#include "hies/base/suggest.h"

namespace hies::data {

#define TASK(name) Task name##_task();
#include "hies/data/tasks/tasks.def"
#undef TASK

namespace {

std::string_view fitting_tasks(model::Problem problem) {
  switch (problem) {
    case model::Problem::classification: return "use a classification task, or a model with problem_type \"regression\"";
    case model::Problem::regression: return "use task regression or stsb";
    case model::Problem::causal_lm: break;
  }
  return "use perplexity, multiple-choice, or another task of language models";
}

}  // namespace

std::span<const Task> tasks() {
  static const std::array kTasks = {
#define TASK(name) name##_task(),
#include "hies/data/tasks/tasks.def"
#undef TASK
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
  if (task.problem != spec.problem)
    throw Error(ErrorKind::bad_input,
                fmt::format("task '{}' is a {} task, but the model is a {} model", task.name, model::problem_name(task.problem),
                            model::problem_name(spec.problem)),
                std::string(fitting_tasks(spec.problem)));
  if (reads_images(task) != spec.reads_images())
    throw Error(ErrorKind::bad_input,
                fmt::format("task '{}' is about {}, but the model reads {}", task.name, reads_images(task) ? "images" : "texts",
                            spec.reads_images() ? "images" : "texts"),
                spec.reads_images() ? "use task image-classification" : "use classification, or another task of texts");
  if (!task.labels.empty() && task.labels.size() != spec.labels.size()) {
    throw Error(
        ErrorKind::bad_input,
        fmt::format("task '{}' has {} labels ({}), but the model has {} ({})", task.name, task.labels.size(),
                    fmt::join(task.labels, ", "), spec.labels.size(), printable(fmt::format("{}", fmt::join(spec.labels, ", ")))),
        "task classification takes the labels from the model");
  }
}

bool reads_windows(const Task& task) { return task.input_kind == InputKind::documents || task.input_kind == InputKind::rows; }
bool reads_subjects(const Task& task) { return task.input_kind == InputKind::subjects; }
bool reads_images(const Task& task) { return task.input_kind == InputKind::images; }
bool reads_labels(const Task& task) { return !reads_windows(task) && !reads_subjects(task); }

}  // namespace hies::data
