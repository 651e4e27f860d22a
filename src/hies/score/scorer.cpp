#include "hies/score/scorer.h"

#include <algorithm>
#include <numeric>

#include "hies/base/clock.h"
#include "hies/base/error.h"
#include "hies/base/fields.h"
#include "hies/data/finite.h"
#include "hies/data/packing.h"
#include "hies/score/notes.h"
#include "hies/score/objectives/objectives.h"

namespace hies::score {
namespace {

// What the asked tables need.
struct Needs {
  bool his, ae, l2, l2_out, second_order;

  model::EntropyTokens entropy_tokens;

  explicit Needs(const ScoreOptions& options) : entropy_tokens(parse_entropy_tokens(options.entropy_tokens)) {
    const std::vector<std::string>& tables = options.tables;
    const auto asked = [&](std::string_view name) { return std::find(tables.begin(), tables.end(), name) != tables.end(); };
    his = asked("his");
    ae = asked("ae");
    l2 = asked("l2");
    l2_out = asked("l2-out");
    second_order = asked("second-order");
  }
  bool backward() const { return his || second_order; }
  bool out_sq() const { return l2_out || second_order; }
  bool forward() const { return backward() || ae || l2_out; }
  model::AttentionProbe probe() const {
    model::AttentionProbe probe;
    probe.want_inner = backward();
    probe.want_entropy = ae;
    probe.entropy_tokens = entropy_tokens;
    probe.want_out_sq = out_sq();
    return probe;
  }
};

// Null when no table needs a loss and the data has no labels for one.
std::unique_ptr<model::Objective> objective_for(const ObjectiveKind& kind, const Needs& needs, const model::ModelSpec& spec,
                                                const data::Dataset& dataset) {
  if (!needs.backward() && kind.needs_labels && !dataset.has_labels) return nullptr;
  std::vector<double> labels;
  if (dataset.has_labels)
    for (const data::Example& example : dataset.examples) labels.push_back(example.label);
  return make_objective(kind.name, spec, labels);
}

// Says how the model is run where not all of it fits into memory.
void warn_of_memory(const model::Model& model, const std::vector<model::Batch>& batches, Progress& progress) {
  std::int64_t tokens = 0;
  for (const model::Batch& batch : batches) tokens = std::max(tokens, batch.token_count());
  const std::string how = model.memory().text(tokens, model.spec().layer_count());
  if (!how.empty()) progress.warn(how);
}

Notes run_all(const model::Model& model, const data::Dataset& dataset, const model::Objective* objective, const Needs& needs,
              std::int64_t batch_tokens, Progress& progress) {
  const model::HeadLayout& layout = model.spec().layers;
  Notes notes(layout, dataset.size(), needs.probe(), objective != nullptr);
  const std::vector<model::Batch> batches = data::pack(dataset, batch_tokens);
  if (needs.backward()) warn_of_memory(model, batches, progress);
  progress.begin("score", dataset.size(), "examples");
  for (const model::Batch& batch : batches) {
    Progress::throw_if_cancelled();
    model::AttentionProbe probe = needs.probe();
    const model::RunResult result = model.run(batch, {.gates = nullptr, .objective = objective, .probe = &probe});
    data::check_finite(model, batch, nullptr, result, dataset);
    notes.add(layout, batch, result, probe);
    progress.advance(batch.size());
  }
  progress.end();
  return notes;
}

double mean_loss(const Notes& notes) {
  return std::accumulate(notes.losses.begin(), notes.losses.end(), 0.0) / static_cast<double>(notes.losses.size());
}

// One cost per layer: a layer's heads are alike.
std::vector<model::HeadCost> per_layer(const model::HeadTable<model::HeadCost>& table) {
  std::vector<model::HeadCost> costs;
  for (const auto& row : table) costs.push_back(row.empty() ? model::HeadCost{} : row.front());
  return costs;
}

Scores::Cost cost_of(const model::Checkpoint& checkpoint, double tokens) {
  const model::ModelCost whole = model::model_cost(checkpoint.arch(), checkpoint.spec(), tokens);
  return {whole.parameters, whole.flops_per_token, tokens,
          per_layer(model::head_costs(checkpoint.arch(), checkpoint.spec(), tokens)),
          per_layer(model::kv_head_costs(checkpoint.arch(), checkpoint.spec()))};
}

}  // namespace

Scores score_heads(const model::Model& model, const data::Dataset& dataset, const ScoreOptions& options, Progress& progress) {
  check_options(options);
  if (dataset.size() == 0) bad_input("{}: no examples to score with", dataset.source.string());
  const model::Checkpoint& checkpoint = model.checkpoint();
  const model::HeadLayout& layout = checkpoint.spec().layers;
  const Needs needs(options);
  ScoreOptions resolved = options;
  if (resolved.loss.empty()) resolved.loss = default_objective(checkpoint.spec()).name;
  const ObjectiveKind& kind = find_objective(resolved.loss);
  if (needs.entropy_tokens == model::EntropyTokens::first && checkpoint.spec().causal)
    bad_input("`entropy_tokens` is cls, but the first token of a decoder sees only itself");

  Scores scores;
  scores.model_info = {checkpoint.folder().string(), checkpoint.spec().model_type, checkpoint.hash()};
  scores.options = options_json(resolved);
  // Heads matter for the right answer: of questions only that is run.
  const data::Dataset judged = data::right_answers_only(dataset);
  const std::int64_t tokens = judged.token_count();
  scores.calibration = {dataset.source.string(), dataset.size(), tokens, dataset.hash, std::nullopt};
  scores.layout = layout;
  scores.cost = cost_of(checkpoint, static_cast<double>(tokens) / static_cast<double>(dataset.size()));

  Stopwatch watch;
  if (needs.forward()) {
    const auto objective = objective_for(kind, needs, checkpoint.spec(), judged);
    const Notes notes = run_all(model, judged, objective.get(), needs, resolved.batch_tokens, progress);
    scores.timings["run_ms"] = watch.elapsed_ms();
    if (objective != nullptr) scores.calibration.mean_loss = mean_loss(notes);
    if (needs.his)
      scores.tables["his"] = importance(layout, notes, parse_granularity(resolved.granularity), resolved.batch_examples);
    if (needs.ae) scores.tables["ae"] = entropy(layout, notes);
    if (needs.l2_out) scores.tables["l2-out"] = output_norm(layout, notes);
    if (needs.second_order) {
      scores.tables["gate_grad"] = gate_gradient(layout, notes);
      scores.tables["a_sq"] = output_squares(layout, notes);
    }
  }
  watch.restart();
  if (needs.l2) scores.tables["l2"] = weight_l2(checkpoint);
  if (needs.second_order) {
    scores.output_norms = output_norms(checkpoint);
    scores.curvature = kind.curvature;
  }
  if (needs.l2 || needs.second_order) scores.timings["weights_ms"] = watch.elapsed_ms();
  check_finite(scores);
  return scores;
}

}  // namespace hies::score
