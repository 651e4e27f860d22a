#include "hies/data/task.h"

#include <fmt/ranges.h>

#include <array>

#include "hies/base/error.h"
#include "hies/base/suggest.h"
#include "hies/data/tasks/tasks.h"

namespace hies::data {

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
      perplexity_task(),
      causal_lm_task(),
      hellaswag_task(),
      winogrande_task(),
      arc_easy_task(),
      arc_challenge_task(),
      openbookqa_task(),
      piqa_task(),
      boolq_task(),
      copa_task(),
      mmlu_task(),
      multiple_choice_task(),
      image_classification_task(),
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
                fmt::format("task '{}' is about {}, but the model reads {}", task.name,
                            reads_images(task) ? "images" : "texts", spec.reads_images() ? "images" : "texts"),
                spec.reads_images() ? "use task image-classification" : "use classification, or another task of texts");
  if (!task.labels.empty() && task.labels.size() != spec.labels.size()) {
    throw Error(
        ErrorKind::bad_input,
        fmt::format("task '{}' has {} labels ({}), but the model has {} ({})", task.name, task.labels.size(),
                    fmt::join(task.labels, ", "), spec.labels.size(), printable(fmt::format("{}", fmt::join(spec.labels, ", ")))),
        "task classification takes the labels from the model");
  }
}

bool reads_windows(const Task& task) { return task.reading == Reading::documents || task.reading == Reading::rows; }
bool reads_subjects(const Task& task) { return task.reading == Reading::subjects; }
bool reads_images(const Task& task) { return task.reading == Reading::images; }

}  // namespace hies::data
