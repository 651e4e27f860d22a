#include "hies/eval/timing.h"

#include <cmath>

#include "hies/base/error.h"
#include "hies/base/rng.h"
#include "hies/data/packing.h"

namespace hies::eval {
namespace {

// All subjects' forward passes over the same lists of examples.
struct Runs {
  std::vector<std::vector<model::Batch>> batches;  // [subjects][batches]
  std::vector<std::optional<model::Gates>> gates;
  std::vector<const EvaluationSubject*> subjects;

  RunTimes measure(const LatencyOptions& options, Progress& progress) const {
    std::vector<Work> works;
    for (std::size_t subject = 0; subject < subjects.size(); ++subject) {
      works.emplace_back([this, subject](std::int64_t round) {
        const auto& mine = batches[subject];
        const auto& masked = gates[subject];
        subjects[subject]->model.run(mine[static_cast<std::size_t>(round) % mine.size()], {.gates = masked ? &*masked : nullptr});
      });
    }
    return measure_alternately(works, options.latency_seconds / 2, options.latency_rounds, wall_clock(), progress);
  }
};

std::vector<model::Batch> single_examples(const data::Dataset& dataset, std::int64_t most) {
  Rng rng(0);
  std::vector<model::Batch> batches;
  for (const std::int64_t index : permutation(dataset.size(), rng)) {
    if (static_cast<std::int64_t>(batches.size()) == most) break;
    data::add(batches.emplace_back(), index, dataset.examples[static_cast<std::size_t>(index)]);
  }
  return batches;
}

// The first subject's batches, with the tokens that the other subject has for the same examples.
std::vector<model::Batch> like(const std::vector<model::Batch>& first, const data::Dataset& dataset) {
  std::vector<model::Batch> batches;
  for (const model::Batch& batch : first) {
    model::Batch& mine = batches.emplace_back();
    std::int64_t last = -1;
    for (const std::int64_t index : batch.examples) {
      if (index != last) data::add(mine, index, dataset.examples[static_cast<std::size_t>(index)]);
      last = index;
    }
  }
  return batches;
}

std::vector<double> rates(const std::vector<double>& times_ms, const std::vector<model::Batch>& batches) {
  std::vector<double> per_second;
  for (std::size_t round = 0; round < times_ms.size(); ++round)
    per_second.push_back(static_cast<double>(batches[round % batches.size()].token_count()) / times_ms[round] * 1000);
  return per_second;
}

Spread ratios(const std::vector<double>& over, const std::vector<double>& under) {
  std::vector<double> ratio;
  for (std::size_t round = 0; round < over.size(); ++round) ratio.push_back(over[round] / under[round]);
  return spread(ratio);
}

}  // namespace

std::optional<Timing> time_models(const EvaluationSubject& model, const EvaluationSubject* reference,
                                  const LatencyOptions& options, std::int64_t batch_tokens, Progress& progress) {
  check_options(options);
  if (options.latency_seconds == 0 || model.dataset.size() == 0) return std::nullopt;

  Runs single, packed;
  single.subjects = packed.subjects = reference == nullptr ? std::vector{&model} : std::vector{&model, reference};
  const auto ones = single_examples(model.dataset, options.latency_rounds);
  const auto full = data::pack(model.dataset, batch_tokens);
  for (const EvaluationSubject* subject : single.subjects) {
    single.batches.push_back(like(ones, subject->dataset));
    packed.batches.push_back(like(full, subject->dataset));
    const auto gates =
        subject->plan == nullptr ? std::nullopt : std::optional(prune::gates(*subject->plan, subject->model.spec().layout));
    single.gates.push_back(gates);
    packed.gates.push_back(gates);
  }
  const RunTimes latency = single.measure(options, progress);
  const RunTimes throughput = packed.measure(options, progress);
  const auto speed = [&](std::size_t subject) {
    return Speed{spread(latency[subject]), spread(rates(throughput[subject], packed.batches[subject]))};
  };
  Timing timing{speed(0), std::nullopt, std::nullopt};
  if (reference != nullptr) {
    timing.reference = speed(1);
    timing.speedup = Speedup{ratios(latency[1], latency[0]), ratios(throughput[1], throughput[0])};
  }
  return timing;
}

}  // namespace hies::eval
