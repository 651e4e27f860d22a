#include "hies/sweep/estimate.h"

#include <algorithm>

#include "hies/base/clock.h"
#include "hies/data/packing.h"
#include "hies/sweep/grid.h"
#include "hies/sweep/mask_chunks.h"
#include "hies/sweep/planner.h"

namespace hies::sweep {
namespace {

// A forward pass and the backward pass of the activations, in forward passes.
constexpr double kBackward = 3;

double seconds_per_token(const engine::Model& model, const data::Dataset& dataset, std::int64_t batch_tokens) {
  const std::vector<model::Batch> batches = data::pack(dataset, batch_tokens);
  const model::Batch& middle = batches[batches.size() / 2];
  model.run(middle);  // the first run also sets things up
  const Stopwatch watch;
  model.run(middle);
  return watch.elapsed_ms() / 1000 / static_cast<double>(middle.token_count());
}

// Gives cells that wait for a choice any value of the grid: the choice will be one of these.
void choose_any(std::vector<Cell>& cells, const SweepOptions& options, const data::Task& task) {
  for (Cell& cell : cells) {
    if (cell.choose_alpha) cell.alpha = usual_alpha(options);
    if (cell.choose_loss) cell.loss = grid_losses(options, task).front();
  }
}

// Passes over the rows that a refit fits with: the dense model's, and for each damping one that adds up sums and one that goes on.
double refit_passes(const SweepOptions& options) {
  return 1 + 2 * static_cast<double>(refit::damping_candidates(options.refit_options).size());
}

// Returns the distinct masks of the cells that `keep` holds for, whether they are refitted or not.
template <class Keep>
std::vector<model::UnitSet> masks_of(const Planner& planner, const std::vector<Cell>& cells, const SweepOptions& options,
                                     const Keep& keep) {
  std::vector<Cell> some;
  std::copy_if(cells.begin(), cells.end(), std::back_inserter(some), keep);
  std::vector<model::UnitSet> masks;
  for (Cell& cell : some) {
    cell.refit = evidence::kNoRefit;
    cell.method.baseline = nullptr;
  }
  for (const MaskGroup& group : group_by_model(planner, some, options)) masks.push_back(group.removed);
  return masks;
}

RunEstimate estimate(const RunInputs& data, const SweepOptions& options) {
  const engine::Model model = engine::Model::load(data.checkpoint, options.execution);
  const ScoredRun scored = ScoredRun::imagined(data, options, model);
  const Planner planner(data, options, scored);
  std::vector<Cell> cells = run_cells(data, options);
  choose_any(cells, options, data.task);
  const auto all = masks_of(planner, cells, options, [](const Cell& cell) { return !cell.changes_weights(); });
  const auto groups = group_by_model(planner, cells, options);
  const data::Dataset& dev = data.evaluation.dataset;
  const model::Layout& layout = data.checkpoint->spec().layout;
  const eval::MaskStats work = count_chunks(all, layout, chunk_size(options.masks_at_once, *data.checkpoint, dev));

  RunEstimate run;
  run.run = data.run.name;
  run.cells = static_cast<std::int64_t>(cells.size()) + 1;
  run.masks = static_cast<std::int64_t>(all.size());
  run.known_masks = static_cast<std::int64_t>(
      masks_of(planner, cells, options, [](const Cell& cell) { return !cell.method.reads_data; }).size());
  run.refits = static_cast<std::int64_t>(groups.size() - plain_count(groups));
  const std::int64_t layers = data.checkpoint->spec().layer_count();
  run.layers_done = work.layers_done + run.refits * layers;
  run.layers_avoided = run.cells * layers - run.layers_done;
  run.evaluation_passes = (run.masks + run.refits) * dev.size();
  double tokens = static_cast<double>(dev.token_count()) * static_cast<double>(run.layers_done) / static_cast<double>(layers);
  if (run.refits > 0) {
    const pipeline::CalibrationParts rows = refit_rows(data, options, 0, options.examples);
    const auto of_one = static_cast<double>(rows.fitted.token_count() + rows.heldout.token_count());
    tokens += static_cast<double>(run.refits) * of_one * refit_passes(options);
  }
  if (data.heldout.size() > 0) {
    const auto choosing = masks_of(planner, cells, options, [&](const Cell& cell) {
      return (cell.method.takes_alpha || (options.loss == "auto" && cell.method.reads_loss)) &&
             cell.examples.value_or(options.examples) == options.examples;
    });
    const eval::MaskStats heldout =
        count_chunks(choosing, layout, chunk_size(options.masks_at_once, *data.checkpoint, data.heldout));
    run.heldout_masks = static_cast<std::int64_t>(choosing.size());
    run.heldout_passes = run.heldout_masks * data.heldout.size();
    tokens +=
        static_cast<double>(data.heldout.token_count()) * static_cast<double>(heldout.layers_done) / static_cast<double>(layers);
  }
  for (const ScoredRun::Entry& entry : scored.entries()) {
    const data::Dataset part = first_examples(data.calibration[static_cast<std::size_t>(entry.seed)], entry.requested);
    run.scoring_passes += part.size();
    tokens += kBackward * static_cast<double>(part.token_count());
  }
  run.seconds = tokens * seconds_per_token(model, dev, options.eval.batch_tokens);
  return run;
}

}  // namespace

std::vector<RunEstimate> estimate_sweep(const SweepConfig& config, Progress& progress) {
  check_config(config);
  const SweepOptions options = resolved(config.options);
  for (const std::string& sentence : left_out(options)) progress.warn(sentence);
  std::vector<RunEstimate> runs;
  for (const SweepRun& run : config.runs) runs.push_back(estimate(load_run(run, options, progress), options));
  return runs;
}

Json estimate_json(const std::vector<RunEstimate>& runs) {
  Json list = Json::array();
  double seconds = 0;
  for (const RunEstimate& run : runs) {
    seconds += run.seconds;
    list.push_back({{"name", run.run},
                    {"cells", run.cells},
                    {"known_masks", run.known_masks},
                    {"estimated_masks", run.masks},
                    {"estimated_refits", run.refits},
                    {"estimated_layer_evaluations", {{"done", run.layers_done}, {"avoided", run.layers_avoided}}},
                    {"estimated_heldout_masks", run.heldout_masks},
                    {"forward_passes",
                     {{"scoring", run.scoring_passes}, {"evaluation", run.evaluation_passes}, {"heldout", run.heldout_passes}}},
                    {"estimated_seconds", run.seconds}});
  }
  return {{"schema", "hies.estimate/1"}, {"runs", list}, {"estimated_seconds", seconds}};
}

}  // namespace hies::sweep
