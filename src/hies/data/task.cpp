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
    case model::Problem::hidden_states: break;
    case model::Problem::causal_lm: return "use perplexity, multiple-choice, or another task of language models";
  }
  return "";
}

void refuse_without_head(const Task& task, const model::ModelSpec& spec) {
  const std::string hint = fmt::format("task {} with what needs no task head, such as `method` l2-out, prunes the encoder",
                                       spec.reads_images() ? "image-feature-extraction" : "feature-extraction");
  if (spec.other_head.empty())
    throw Error(ErrorKind::bad_input, fmt::format("task '{}' needs a task head, but the model has none", task.name), hint);
  throw Error(ErrorKind::unsupported,
              fmt::format("task '{}' is not answered by a {}, whose task head is not supported", task.name, spec.other_head),
              hint);
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

void check_judged(const Task& task) {
  if (task.metrics.empty())
    throw Error(ErrorKind::bad_input, fmt::format("task '{}' has no answers that could be judged", task.name),
                "fine-tune the model for a task and judge that; `hies prune` compares a pruned encoder with the masked one");
}

void check_model_fits(const Task& task, const model::ModelSpec& spec) {
  if (spec.problem == model::Problem::hidden_states && task.problem != spec.problem) refuse_without_head(task, spec);
  if (task.problem == model::Problem::hidden_states && task.problem != spec.problem)
    throw Error(ErrorKind::bad_input, fmt::format("task '{}' is for models without a task head, but this one has one", task.name),
                "use a task of the model's kind: where no loss is taken it needs no labels either");
  if (task.problem != spec.problem)
    throw Error(ErrorKind::bad_input,
                fmt::format("task '{}' is a {} task, but the model is a {} model", task.name, model::problem_name(task.problem),
                            model::problem_name(spec.problem)),
                std::string(fitting_tasks(spec.problem)));
  if (reads_images(task) != spec.reads_images())
    throw Error(ErrorKind::bad_input,
                fmt::format("task '{}' is about {}, but the model reads {}", task.name, reads_images(task) ? "images" : "texts",
                            spec.reads_images() ? "images" : "texts"),
                spec.problem == model::Problem::hidden_states
                    ? (spec.reads_images() ? "use task image-feature-extraction" : "use task feature-extraction")
                    : (spec.reads_images() ? "use task image-classification" : "use classification, or another task of texts"));
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
