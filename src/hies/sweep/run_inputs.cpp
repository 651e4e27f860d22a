#include "hies/sweep/run_inputs.h"

#include <algorithm>
#include <unordered_set>

#include "hies/base/error.h"
#include "hies/base/hash.h"
#include "hies/data/load_dataset.h"
#include "hies/eval/quality.h"
#include "hies/evidence/records.h"
#include "hies/pipeline/loaded_model.h"
#include "hies/score/objectives/objectives.h"
#include "hies/sweep/reach.h"

namespace hies::sweep {
namespace {

// Returns what the model reads of an example, to compare examples by.
std::string content(const data::Example& example) {
  const auto bytes = [](const std::vector<std::int32_t>& ids) {
    return std::string_view(reinterpret_cast<const char*>(ids.data()), ids.size() * sizeof(std::int32_t));
  };
  std::string content = fmt::format("{}:", example.ids.size()).append(bytes(example.ids)).append(bytes(example.type_ids));
  for (const data::EncodedChoice& choice : example.choices)
    content.append(fmt::format("{}:", choice.ids.size())).append(bytes(choice.ids));
  if (example.image.from != nullptr) content.append(example.image.from->content_hash(example.image.index));
  return content;
}

using Contents = std::unordered_set<std::string>;

void add_contents(const data::Dataset& dataset, Contents& contents) {
  for (const data::Example& example : dataset.examples) contents.insert(content(example));
}

// Returns whether rows are needed to fit with, or to search with.
bool refits(const SweepOptions& options) {
  const auto chooses = [](const std::string& name) { return parse_method(name).chooses(); };
  if (std::any_of(options.methods.begin(), options.methods.end(), chooses)) return true;
  return std::any_of(options.refit.begin(), options.refit.end(),
                     [](const std::string& name) { return name != evidence::kNoRefit; });
}

bool same_file(const std::filesystem::path& a, const std::filesystem::path& b) {
  std::error_code ignored;
  return std::filesystem::equivalent(a, b, ignored);
}

void warn_of_leak(const RunInputs& data, Progress& progress) {
  constexpr std::string_view kRisk = "quality and stability look better than they are on unseen data";
  if (same_file(data.run.calib, data.run.data)) {
    progress.warn(fmt::format("{} is used both to rank the heads and to evaluate: {}", data.run.data.string(), kRisk));
    return;
  }
  Contents dev;
  add_contents(data.evaluation.dataset, dev);
  std::int64_t shared = 0, all = 0;
  for (const data::Dataset& dataset : data.calibration) {
    all += dataset.size();
    for (const data::Example& example : dataset.examples) shared += dev.contains(content(example));
  }
  if (2 * shared > all)
    progress.warn(fmt::format("{} of {} calibration examples of {} are rows of {}, too: {}", shared, all, data.run.calib.string(),
                              data.run.data.string(), kRisk));
}

data::LabelNeed label_need(const std::vector<std::string>& losses) {
  const bool needed =
      std::any_of(losses.begin(), losses.end(), [](const std::string& name) { return score::find_objective(name).needs_labels; });
  return needed ? data::LabelNeed::required : data::LabelNeed::if_readable;
}

void load_calibration(RunInputs& data, const SweepOptions& options, const data::Preprocessor& preprocessor, Progress& progress) {
  const std::vector<std::int64_t> sizes = scored_sizes(options);
  const std::int64_t scored = *std::max_element(sizes.begin(), sizes.end());
  const std::int64_t most = refits(options) ? pipeline::rows_wanted(scored, options.refit_options) : scored;
  for (std::int64_t seed = 0; seed < options.seeds; ++seed) {
    data::LoadOptions load = load_options(options, data.task);
    load.examples = most;
    load.seed = static_cast<std::uint64_t>(seed);
    load.labels = label_need(data.losses);
    // The warnings are the same for every seed.
    Progress& warnings = seed == 0 ? progress : silent_progress();
    data.calibration.push_back(data::load_dataset(data.run.calib, data.task, load, *data.checkpoint, preprocessor, warnings,
                                                  engine::resolve(options.execution).threads));
    const std::int64_t size = data.calibration.back().size();
    if (size < most && refits(options))
      throw Error(
          ErrorKind::bad_input,
          fmt::format("a refit needs {} rows that are scored, {} to fit with and {} held out, but {} has {}", scored,
                      options.refit_options.refit_examples, options.refit_options.refit_heldout, data.run.calib.string(), size),
          "lower `examples`, `refit_examples` or `refit_heldout`, or give a larger calibration file");
    if (size < most && std::any_of(options.calibration_sizes.begin(), options.calibration_sizes.end(),
                                   [size](std::int64_t requested) { return requested > size; }))
      bad_input("`calibration_sizes` asks for {} examples, but {} has {} rows", most, data.run.calib.string(), size);
  }
}

void check_evaluation(const RunInputs& data, const SweepOptions& options) {
  if (data.evaluation.dataset.size() == 0) bad_input("{}: no examples to evaluate on", data.run.data.string());
  const bool choose = options.alpha == "auto" || options.loss == "auto";
  if (choose && !data.calibration.front().has_labels)
    throw Error(
        ErrorKind::bad_input,
        fmt::format("{} has no labels to choose {} by", data.run.calib.string(), options.alpha == "auto" ? "alpha" : "loss"),
        "name their column with `label`, or leave out `alpha` auto and `loss` auto");
}

}  // namespace

RunIdentity RunInputs::identity() const {
  Hasher hasher;
  for (const data::Dataset& dataset : calibration) hasher.update(dataset.hash);
  hasher.update(heldout.hash);
  return {model, hasher.hex(), evaluation.dataset.hash};
}

std::vector<Cell> run_cells(const RunInputs& data, const SweepOptions& options) {
  std::vector<Cell> cells = grid(options, data.task);
  std::erase_if(cells, [&](const Cell& cell) {
    return std::any_of(data.unreachable.begin(), data.unreachable.end(), [&](const Cell& other) {
      return other.sites == cell.sites && other.budget == cell.budget && other.ratio == cell.ratio;
    });
  });
  return cells;
}

pipeline::CalibrationParts refit_rows(const RunInputs& data, const SweepOptions& options, std::int64_t seed,
                                      std::int64_t examples) {
  const std::int64_t rows = pipeline::rows_wanted(examples, options.refit_options);
  return pipeline::divide(first_examples(data.calibration[static_cast<std::size_t>(seed)], rows), examples, options.refit_options,
                          silent_progress());
}

data::LoadOptions load_options(const SweepOptions& options, const data::Task& task) {
  data::LoadOptions load = options.load;
  if (!data::reads_windows(task)) {
    load.context.reset();
    load.stride.reset();
  }
  if (!data::reads_subjects(task)) load.shots.reset();
  if (data::reads_subjects(task)) load.columns.clear();
  if (task.input_kind != data::InputKind::documents) load.join_rows = false;
  if (data::reads_images(task)) load.skip_empty = false;
  if (!data::reads_labels(task)) load.skip_unlabelled = false;
  if (!data::reads_images(task)) {
    load.image_size.reset();
    load.skip_bad = false;
    load.most_pixels.reset();
  }
  return load;
}

data::Dataset first_examples(const data::Dataset& dataset, std::int64_t count) {
  return data::examples_between(dataset, 0, std::min(count, dataset.size()));
}

std::string heldout_name(const SweepOptions& options) {
  return fmt::format("calibration:heldout({}, seed {})", options.heldout, options.heldout_seed);
}

data::Dataset load_heldout(const RunInputs& data, const SweepOptions& options, const data::Preprocessor& preprocessor) {
  Contents taken;
  add_contents(data.evaluation.dataset, taken);
  for (const data::Dataset& dataset : data.calibration) add_contents(dataset, taken);
  data::LoadOptions load = load_options(options, data.task);
  load.seed = options.heldout_seed;
  data::Dataset rows;
  // The first attempt reads enough rows where texts do not repeat, the second all rows.
  for (const bool all : {false, true}) {
    load.examples.reset();
    if (!all) load.examples = options.heldout + static_cast<std::int64_t>(taken.size());
    rows = data::load_dataset(data.run.calib, data.task, load, *data.checkpoint, preprocessor, silent_progress(),
                              engine::resolve(options.execution).threads);
    const std::int64_t read = rows.size();
    std::erase_if(rows.examples, [&](const data::Example& example) { return taken.contains(content(example)); });
    if (rows.size() >= options.heldout) return first_examples(rows, options.heldout);
    // Where no row is left out, there are no more.
    if (!all && read < *load.examples && !load.skip_empty && !load.skip_bad) break;
  }
  throw Error(ErrorKind::bad_input,
              fmt::format("`heldout` is {}, but only {} rows of {} neither score heads nor are in {}", options.heldout,
                          rows.size(), data.run.calib.string(), data.run.data.string()),
              "lower `heldout`, or give a larger calibration file");
}

RunInputs load_run(const SweepRun& run, const SweepOptions& options, Progress& progress) {
  const data::Task& task = data::task(run.task);
  auto checkpoint = std::make_shared<const arch::Checkpoint>(arch::Checkpoint::open(run.model, progress));
  const data::Preprocessor preprocessor = data::load_preprocessor(*checkpoint);
  pipeline::warn_of_zeroed_heads(*checkpoint, progress);
  const model::ModelHashes hashes = data::hashes_of(*checkpoint, preprocessor);
  RunInputs data{run, task, std::move(checkpoint), hashes, scored_losses(options, task), {}, {}, {}};
  data.unreachable = unreachable_cells(*data.checkpoint, options, run.name, progress);
  load_calibration(data, options, preprocessor, progress);
  data::LoadOptions judged = load_options(options, task);
  judged.examples = options.eval_examples;
  data.evaluation = pipeline::load_evaluation(*data.checkpoint, preprocessor, task, run.data, judged, "", progress,
                                              engine::resolve(options.execution).threads);
  check_evaluation(data, options);
  eval::warn_of_undefined_metrics(task, data.evaluation.dataset, progress);
  warn_of_leak(data, progress);
  if (options.alpha == "auto" || options.loss == "auto") data.heldout = load_heldout(data, options, preprocessor);
  return data;
}

}  // namespace hies::sweep
