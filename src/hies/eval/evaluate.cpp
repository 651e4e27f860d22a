#include "hies/eval/evaluate.h"

#include <numeric>

#include "hies/base/error.h"
#include "hies/base/fields.h"
#include "hies/eval/label_order.h"
#include "hies/eval/stability.h"

namespace hies::eval {
namespace {

model::Layout present(const EvaluationSubject& subject) {
  const model::Layout& all = subject.model.spec().layout;
  return subject.plan == nullptr ? all : prune::pruned_layout(*subject.plan, all);
}

Predictions answers_of(const EvaluationSubject& subject, std::int64_t batch_tokens, Progress& progress) {
  if (subject.known != nullptr) return *subject.known;
  const auto gates = subject.plan == nullptr ? model::Gates() : prune::gates(*subject.plan, subject.model.spec().layout);
  return predict(subject.model, subject.dataset, subject.plan == nullptr ? nullptr : &gates, subject.objective, batch_tokens,
                 progress);
}

std::optional<double> mean_loss(const Predictions& predictions) {
  if (predictions.losses.empty()) return std::nullopt;
  const double sum = std::accumulate(predictions.losses.begin(), predictions.losses.end(), 0.0);
  return sum / static_cast<double>(predictions.losses.size());
}

Measurements measurements(const data::Task& task, const EvaluationSubject& subject, const Predictions& predictions) {
  const arch::Checkpoint& checkpoint = subject.model.checkpoint();
  const model::Layout left = present(subject);
  return {checkpoint.folder().string(),
          checkpoint.hash(),
          left.active_count(model::SiteKind::attention),
          mean_loss(predictions),
          quality(task, subject.dataset, predictions),
          cost(checkpoint, left, lengths(subject.dataset)),
          std::nullopt,
          group_quality(task, subject.dataset, predictions)};
}

void check_comparable(const EvaluationSubject& model, const EvaluationSubject& reference) {
  const model::ModelSpec &mine = model.model.spec(), &other = reference.model.spec();
  check(model.dataset.size() == reference.dataset.size(), "both subjects answer the same examples");
  if (mine.problem != other.problem || mine.labels.size() != other.labels.size())
    bad_input("the reference {} predicts one of {} labels, but {} predicts one of {}: they cannot be compared",
              reference.model.checkpoint().folder().string(), other.labels.size(), model.model.checkpoint().folder().string(),
              mine.labels.size());
  if (mine.problem == model::Problem::causal_lm && model.dataset.hash != reference.dataset.hash)
    throw Error(ErrorKind::bad_input,
                fmt::format("the reference {} reads other tokens than {}: they cannot be compared token by token",
                            reference.model.checkpoint().folder().string(), model.model.checkpoint().folder().string()),
                "compare models with the same tokenizer");
}

}  // namespace

void check_options(const EvalOptions& options) {
  check_tolerance(options.stability_tolerance);
  if (options.batch_tokens < 1) bad_input("`batch_tokens` is {}, but at least 1 is needed", options.batch_tokens);
  check_options(options.latency);
}

Evaluation evaluate(const data::Task& task, const EvaluationSubject& model, const EvaluationSubject* reference,
                    const EvalOptions& options, Progress& progress) {
  check_options(options);
  if (model.dataset.size() == 0) bad_input("{}: no examples to evaluate on", model.dataset.source.string());
  if (reference != nullptr) check_comparable(model, *reference);
  Evaluation done;
  Result& result = done.result;
  result.task = task.name;
  result.data_file = model.dataset.source.string();
  result.data_hash = model.dataset.hash;
  result.examples = model.dataset.size();
  result.tokens = model.dataset.token_count();
  result.options = options_json(options);

  done.predictions = answers_of(model, options.batch_tokens, progress);
  result.model = measurements(task, model, done.predictions);
  if (reference != nullptr) {
    done.reference = answers_of(*reference, options.batch_tokens, progress);
    result.reference = measurements(task, *reference, *done.reference);
    done.reference = in_label_order(std::move(*done.reference), reference->model.spec().labels, model.model.spec().labels);
    const double tolerance = agreement_tolerance(task, model.dataset, *done.reference, options.stability_tolerance);
    result.stability = stability(done.predictions, *done.reference, tolerance);
    if (task.problem == model::Problem::regression) result.tolerance = tolerance;
  }
  if (const auto timing = time_models(model, reference, options.latency, options.batch_tokens, progress)) {
    result.model.speed = timing->model;
    if (reference != nullptr) result.reference->speed = timing->reference;
    result.speedup = timing->speedup;
  }
  return done;
}

}  // namespace hies::eval
