#include "hies/sweep/measure.h"

#include <algorithm>
#include <numeric>

#include "hies/base/error.h"
#include "hies/eval/quality.h"
#include "hies/eval/stability.h"
#include "hies/sweep/mask_chunks.h"
#include "hies/sweep/refitted_model.h"

namespace hies::sweep {
namespace {

std::optional<double> mean_loss(const eval::Predictions& predictions) {
  if (predictions.losses.empty()) return std::nullopt;
  const double sum = std::accumulate(predictions.losses.begin(), predictions.losses.end(), 0.0);
  return sum / static_cast<double>(predictions.losses.size());
}

constexpr const char* kElsewhere = "something else has written it: sweep into another directory";

// Takes over the measurements of `known`, which are those of the first records.
void take_known(std::vector<MaskGroup>& groups, const std::vector<evidence::Record>& known, const std::filesystem::path& file,
                Progress& progress) {
  std::size_t next = 0;
  for (MaskGroup& group : groups) {
    for (evidence::Record& record : group.records) {
      if (next == known.size()) return;
      evidence::RecordKey key = known[next].key;
      // A warning for the first of them is enough.
      model::check_same_model(key.model, record.key.model, fmt::format("{}: record {}", file.string(), next + 1), "it is",
                              kElsewhere, next == 0 ? progress : silent_progress());
      key.model = record.key.model;
      if (record.key != key || record.mask != known[next].mask)
        throw Error(ErrorKind::bad_input,
                    fmt::format("{}: record {} of run {} is not of this sweep", file.string(), next + 1, record.key.run),
                    kElsewhere);
      record.measured = known[next].measured;
      ++next;
    }
  }
  if (next < known.size()) bad_input("{} holds more records than this sweep has", file.string());
}

}  // namespace

Measurer::Measurer(const RunInputs& data, const SweepOptions& options, const ScoredRun& scored, const engine::Model& model)
    : data_(data), options_(options), scored_(scored), model_(model) {}

void Measurer::judge(const eval::Predictions& predictions, MaskGroup& group) const {
  const eval::Metrics metrics = eval::quality(data_.task, data_.evaluation.dataset, predictions);
  const double stable = eval::stability(predictions, reference_, tolerance_);
  const std::optional<double> loss = mean_loss(predictions);
  for (evidence::Record& record : group.records) {
    record.measured.metrics = metrics;
    record.measured.stability = stable;
    record.measured.mean_loss = loss;
    if (loss && reference_loss_) record.measured.bound.loss_increase = *loss - *reference_loss_;
  }
}

void Measurer::count(const std::vector<MaskGroup>& groups, std::int64_t chunk) {
  const model::Layout& layout = data_.checkpoint->spec().layout;
  std::vector<model::UnitSet> masks;
  for (std::size_t i = 0; i < plain_count(groups); ++i) masks.push_back(groups[i].removed);
  // The unpruned model is evaluated by itself.
  stats_ = count_chunks(std::span(masks).first(1), layout, 1);
  const eval::MaskStats rest = count_chunks(std::span(masks).subspan(1), layout, chunk);
  stats_.masks += rest.masks;
  stats_.distinct += rest.distinct;
  stats_.layers_done += rest.layers_done;
  stats_.layers_avoided += rest.layers_avoided;
  // A refitted model shares no layer with others.
  refits_ = std::ssize(groups) - std::ssize(masks);
  stats_.layers_done += refits_ * data_.checkpoint->spec().layer_count();
}

void Measurer::measure_refitted(std::vector<MaskGroup>& groups, std::size_t begin, const std::function<void(std::size_t)>& keep,
                                Progress& progress) {
  if (begin >= groups.size()) return;
  progress.begin(data_.run.name + " refit", std::ssize(groups) - static_cast<std::ptrdiff_t>(begin), "models");
  for (std::size_t i = begin; i < groups.size(); ++i) {
    RefittedModel model = evaluate_refitted(data_, options_, scored_, model_, groups[i]);
    judge(model.predictions, groups[i]);
    for (evidence::Record& record : groups[i].records) record.measured.refitted = model.refitted;
    keep(i);
    progress.advance(1);
    Progress::throw_if_cancelled();
  }
  progress.end();
}

std::vector<evidence::Record> Measurer::measure(std::vector<MaskGroup> groups, const std::vector<evidence::Record>& known,
                                                Journal& journal, Progress& progress) {
  take_known(groups, known, journal.file(), progress);
  const data::Dataset& dataset = data_.evaluation.dataset;
  const model::Objective* objective = data_.evaluation.objective.get();
  const std::int64_t chunk = chunk_size(options_.masks_at_once, *data_.checkpoint, dataset);
  count(groups, chunk);
  std::vector<model::UnitSet> masks;
  for (std::size_t i = 0; i < plain_count(groups); ++i) masks.push_back(groups[i].removed);

  // The first group that lacks a record, and how many it has.
  std::size_t first = 0, have = known.size();
  while (first < groups.size() && have >= groups[first].records.size()) have -= groups[first++].records.size();
  if (first < groups.size()) {
    reference_ = eval::predict(model_, dataset, nullptr, objective, options_.eval.batch_tokens, progress);
    tolerance_ = eval::agreement_tolerance(data_.task, dataset, reference_, options_.eval.stability_tolerance);
    reference_loss_ = mean_loss(reference_);
  }
  const auto keep = [&](std::size_t begin, std::size_t end) {
    std::vector<std::string> lines;
    for (std::size_t i = begin; i < end; ++i)
      for (std::size_t r = i == first ? have : 0; r < groups[i].records.size(); ++r)
        lines.push_back(evidence::record_line(groups[i].records[r]));
    journal.append(lines);
  };
  std::size_t next = first;
  if (next == 0) {
    judge(reference_, groups[0]);
    keep(0, 1);
    next = 1;
  }
  MaskWork work{.model = model_,
                .dataset = dataset,
                .objective = objective,
                .masks = std::span(masks).subspan(std::min(next, masks.size())),
                .batch_tokens = options_.eval.batch_tokens,
                .chunk = chunk,
                .take = {},
                .keep = {}};
  work.take = [&](std::size_t mask, const eval::Predictions& predictions) { judge(predictions, groups[next + mask]); };
  work.keep = [&](std::size_t begin, std::size_t end) { keep(next + begin, next + end); };
  std::size_t cells = 0;
  for (const MaskGroup& group : groups) cells += group.records.size();
  run_chunks(work, fmt::format("{}, {} cells", data_.run.name, cells), progress);
  measure_refitted(
      groups, std::max(next, masks.size()), [&](std::size_t i) { keep(i, i + 1); }, progress);

  std::vector<evidence::Record> records;
  for (MaskGroup& group : groups) std::move(group.records.begin(), group.records.end(), std::back_inserter(records));
  return records;
}

}  // namespace hies::sweep
