#include "hies/score/scorer.h"

#include <algorithm>
#include <numeric>

#include <fmt/ranges.h>

#include "hies/base/clock.h"
#include "hies/base/error.h"
#include "hies/base/fields.h"
#include "hies/data/finite.h"
#include "hies/data/packing.h"
#include "hies/score/example_statistics.h"
#include "hies/score/methods/method.h"
#include "hies/score/objectives/objectives.h"
#include "hies/score/statistics/statistic.h"

namespace hies::score {
namespace {

// The statistics that are asked for, in the registry's order, and what a run has to record for them.
class Asked {
 public:
  explicit Asked(const ScoreOptions& options)
      : neurons_(model::names_site_kind(options.sites, model::SiteKind::ffn)),
        entropy_tokens_(parse_entropy_tokens(options.entropy_tokens)) {
    for (const Statistic& statistic : statistics())
      if (std::find(options.tables.begin(), options.tables.end(), statistic.name) != options.tables.end())
        all_.push_back(&statistic);
  }
  bool gradient() const {
    return any([](const Statistic& statistic) { return statistic.needs_gradient; });
  }
  bool data() const {
    return any([](const Statistic& statistic) { return statistic.reads_data(); });
  }
  bool weights() const {
    return any([](const Statistic& statistic) { return statistic.read_weights != nullptr; });
  }
  bool entropy_of_first_tokens() const { return entropy_tokens_ == model::EntropyTokens::first; }
  model::Recorder recorder() const {
    model::Recorder recorder;
    recorder.want_inner = gradient();
    recorder.want_neurons = neurons_ && any([](const Statistic& statistic) {
                              return statistic.needs_gradient && statistic.judges(model::SiteKind::ffn);
                            });
    recorder.entropy_tokens = entropy_tokens_;
    for (const Statistic* statistic : all_)
      if (statistic->record != nullptr) statistic->record(recorder);
    return recorder;
  }
  void reduce(const StatisticInput& input, Scores& scores) const {
    for (const Statistic* statistic : all_)
      if (statistic->reduce != nullptr) statistic->reduce(input, scores);
  }
  void read_weights(const StatisticInput& input, Scores& scores) const {
    for (const Statistic* statistic : all_)
      if (statistic->read_weights != nullptr) statistic->read_weights(input, scores);
  }

 private:
  template <class Holds>
  bool any(const Holds& holds) const {
    return std::any_of(all_.begin(), all_.end(), [&](const Statistic* statistic) { return holds(*statistic); });
  }

  bool neurons_;  // are scored
  std::vector<const Statistic*> all_;
  model::EntropyTokens entropy_tokens_;
};

// The tables that need no gradient and the methods that need no others, as a hint.
std::string without_gradient() {
  const auto needs_none = [](std::string_view table) { return !find_statistic(table).needs_gradient; };
  std::vector<std::string_view> tables, rankings;
  for (const Statistic& statistic : statistics())
    if (!statistic.needs_gradient) tables.push_back(statistic.name);
  for (const Method& method : methods())
    if (std::all_of(method.tables.begin(), method.tables.end(), needs_none)) rankings.push_back(method.name);
  return fmt::format("these need none: tables {}; methods {}", fmt::join(tables, ", "), fmt::join(rankings, ", "));
}

// Throws where the model has no task head, but a statistic or the caller's loss needs one.
void check_task_head(const arch::Checkpoint& checkpoint, const ScoreOptions& options) {
  if (checkpoint.has_task_head()) return;
  const std::string folder = checkpoint.folder().string();
  const std::string lacks = checkpoint.spec().other_head.empty()
                                ? fmt::format("{} has none", folder)
                                : fmt::format("{} is a {}", folder, checkpoint.spec().other_head);
  for (const std::string& table : options.tables)
    if (find_statistic(table).needs_gradient)
      throw Error(ErrorKind::bad_input, fmt::format("table '{}' needs a classifying task head, but {}", table, lacks),
                  without_gradient());
  if (!options.loss.empty())
    throw Error(ErrorKind::bad_input, fmt::format("`loss` {} needs a classifying task head, but {}", options.loss, lacks),
                "leave `loss` out");
}

// Returns null when no statistic needs a loss and the data has no labels for one, and for a model that has no task head.
std::unique_ptr<model::Objective> objective_for(const ObjectiveKind& kind, const Asked& asked, const model::ModelSpec& spec,
                                                const data::Dataset& dataset, const model::Draw& draw) {
  if (spec.problem == model::Problem::hidden_states) return nullptr;
  if (!asked.gradient() && kind.needs_labels && !dataset.has_labels) return nullptr;
  std::vector<double> labels;
  if (dataset.has_labels)
    for (const data::Example& example : dataset.examples) labels.push_back(example.label);
  return make_objective(kind.name, spec, labels, draw);
}

// Says how the model is run where not all of it fits into memory.
void warn_of_memory(const engine::Model& model, const std::vector<model::Batch>& batches, Progress& progress) {
  std::int64_t tokens = 0;
  for (const model::Batch& batch : batches) tokens = std::max(tokens, batch.token_count());
  const std::string how = model.memory().text(tokens, model.spec().layer_count());
  if (!how.empty()) progress.warn(how);
}

// Runs the examples once for each objective, which are draws of one loss; null: no loss.
ExampleStatistics run_all(const engine::Model& model, const data::Dataset& dataset,
                          const std::vector<std::unique_ptr<model::Objective>>& draws, const Asked& asked,
                          std::int64_t batch_tokens, Progress& progress) {
  const model::Layout& layout = model.spec().layout;
  ExampleStatistics statistics(layout, dataset.size(), asked.recorder(), draws.front() != nullptr, std::ssize(draws));
  const std::vector<model::Batch> batches = data::pack(dataset, batch_tokens);
  if (asked.gradient()) warn_of_memory(model, batches, progress);
  progress.begin("score", statistics.size(), "examples");
  for (std::size_t draw = 0; draw < draws.size(); ++draw)
    for (const model::Batch& batch : batches) {
      Progress::throw_if_cancelled();
      model::Recorder recorder = asked.recorder();
      const model::RunResult result =
          model.run(batch, {.gates = nullptr,
                            .objective = draws[draw].get(),
                            .recorder = &recorder,
                            .gradients = recorder.want_weight_gradients ? &statistics.weight_gradients : nullptr});
      data::check_finite(model, batch, nullptr, result, dataset);
      statistics.add(layout, batch, result, recorder, static_cast<std::int64_t>(draw));
      if (recorder.want_output_inputs && draw == 0) engine::add_output_inputs(model, batch, statistics.output_inputs);
      progress.advance(batch.size());
    }
  progress.end();
  return statistics;
}

double mean_loss(const ExampleStatistics& statistics) {
  return std::accumulate(statistics.losses.begin(), statistics.losses.end(), 0.0) / static_cast<double>(statistics.losses.size());
}

// One cost for each site: a site's units are alike.
void put_first(const model::UnitTable<model::UnitCost>& table, std::map<model::Site, model::UnitCost>& costs) {
  for (const auto& [site, row] : table) costs[site] = row.empty() ? model::UnitCost{} : row.front();
}

Scores::Cost cost_of(const model::ModelSpec& spec, double tokens) {
  const model::ModelCost whole = model::model_cost(spec, tokens);
  Scores::Cost cost{whole.parameters, whole.flops_per_token, tokens, {}, {}};
  for (const model::SiteKind kind : {model::SiteKind::attention, model::SiteKind::ffn})
    put_first(model::unit_costs(spec, kind, tokens), cost.per_unit);
  put_first(model::kv_head_costs(spec), cost.per_kv_head);
  return cost;
}

}  // namespace

Scores score_heads(const engine::Model& model, const data::Dataset& dataset, const ScoreOptions& options, Progress& progress) {
  check_options(options);
  if (dataset.size() == 0) bad_input("{}: no examples to score with", dataset.source.string());
  const arch::Checkpoint& checkpoint = model.checkpoint();
  const Asked asked(options);
  check_task_head(checkpoint, options);
  ScoreOptions resolved = options;
  if (resolved.loss.empty() && checkpoint.has_task_head()) resolved.loss = default_objective(checkpoint.spec()).name;
  const ObjectiveKind& kind = resolved.loss.empty() ? default_objective(checkpoint.spec()) : find_objective(resolved.loss);
  if (asked.entropy_of_first_tokens() && checkpoint.spec().causal)
    bad_input("`entropy_tokens` is cls, but the first token of a decoder sees only itself");

  Scores scores;
  scores.model_info = {checkpoint.folder().string(), checkpoint.spec().model_type, checkpoint.hashes()};
  scores.options = options_json(resolved);
  // Heads matter for the right answer: of questions only that is run.
  const data::Dataset judged = data::right_answers_only(dataset);
  const std::int64_t tokens = judged.token_count();
  scores.calibration = {dataset.source.string(), dataset.size(), tokens, dataset.hash, std::nullopt};
  scores.layout = checkpoint.spec().layout;
  scores.cost = cost_of(checkpoint.spec(), static_cast<double>(tokens) / static_cast<double>(dataset.size()));

  Stopwatch watch;
  if (asked.data()) {
    std::vector<std::unique_ptr<model::Objective>> objectives;
    for (std::int64_t draw = 0; draw < (kind.drawn && asked.gradient() ? resolved.draws : 1); ++draw)
      objectives.push_back(objective_for(kind, asked, checkpoint.spec(), judged, {resolved.draw_seed, draw}));
    const ExampleStatistics examples = run_all(model, judged, objectives, asked, resolved.batch_tokens, progress);
    scores.timings["run_ms"] = watch.elapsed_ms();
    if (objectives.front() != nullptr) scores.calibration.mean_loss = mean_loss(examples);
    asked.reduce({checkpoint, &examples, resolved, kind}, scores);
  }
  watch.restart();
  asked.read_weights({checkpoint, nullptr, resolved, kind}, scores);
  if (asked.weights()) scores.timings["weights_ms"] = watch.elapsed_ms();
  check_finite(scores);
  return scores;
}

}  // namespace hies::score
