#include "hies/sweep/scored.h"

#include <algorithm>

#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/base/json.h"
#include "hies/base/rng.h"
#include "hies/pipeline/score_run.h"
#include "hies/score/methods/method.h"
#include "hies/score/scorer.h"
#include "hies/score/statistics/statistic.h"
#include "hies/sweep/grid.h"

namespace hies::sweep {
namespace {

// Returns the tables that the methods, the bound and the comparison of HIS with AE need.
std::vector<std::string> tables(const SweepOptions& options) {
  std::vector<std::string> names = {"his", "ae", "second-order"};
  for (const std::string& method : options.methods) {
    for (const std::string_view table : score::find_method(parse_method(method).scorer).tables)
      if (std::find(names.begin(), names.end(), table) == names.end()) names.emplace_back(table);
  }
  return names;
}

pipeline::ScoreRequest request_of(const RunInputs& data, const SweepOptions& options, const ScoredRun::Entry& entry) {
  pipeline::ScoreRequest request;
  request.model = data.run.model;
  request.task = data.task.name;
  request.calibration = data.run.calib;
  request.load = load_options(options, data.task);
  request.load.seed = static_cast<std::uint64_t>(entry.seed);
  request.score = options.score;
  request.score.loss = entry.loss;
  request.score.batch_tokens = options.eval.batch_tokens;
  request.score.tables = tables(options);
  request.score.sites = scored_sites(options);
  request.execution = options.execution;
  return request;
}

// Fills in random values for what a statistic would give, where it is not there.
void invent(const score::Statistic& statistic, std::string_view sites, Rng& rng, score::Scores& scores) {
  for (const score::StatisticTable& table : statistic.tables) {
    if (scores.tables.contains(table.name)) continue;
    model::UnitTable<double>& made = scores.tables[std::string(table.name)];
    for (const model::SiteKind kind : model::parse_site_kinds(sites)) {
      if (!statistic.judges(kind)) continue;
      for (auto& [site, row] : model::UnitTable<double>(scores.layout, kind)) {
        made[site] = row;
        for (double& value : made[site]) value = rng.uniform();
      }
    }
  }
  for (const std::string_view name : statistic.site_values)
    for (const model::Site site : scores.layout.sites(model::SiteKind::attention))
      scores.site_values[std::string(name)].try_emplace(site, 1);
  for (const std::string_view name : statistic.constants) scores.constants.try_emplace(std::string(name), 1);
}

// Returns whether the scores are of the units that `layout` has. Files of version 1 say nothing of neurons.
bool same_units(const score::Scores& scores, const model::Layout& layout) {
  return scores.layout.sites(model::SiteKind::attention) == layout.sites(model::SiteKind::attention) &&
         std::all_of(scores.layout.begin(), scores.layout.end(),
                     [&](const auto& entry) { return layout.contains(entry.first) && layout.at(entry.first) == entry.second; });
}

void check_read(const ScoredRun::Entry& entry, const RunInputs& data, const data::Dataset& calibration,
                const std::vector<std::string>& needed, const std::filesystem::path& file, Progress& progress) {
  constexpr const char* kAgain = "remove it to have it computed again";
  model::check_same_model(entry.scores.model_info.hashes, data.model, file.string(), "the scores are", kAgain, progress);
  const bool of_this = same_units(entry.scores, data.checkpoint->spec().layout) &&
                       entry.scores.calibration.hash == calibration.hash &&
                       require<std::string>(entry.scores.options, "loss", file.string()) == entry.loss;
  const bool whole = std::all_of(needed.begin(), needed.end(), [&](const std::string& table) { return entry.scores.has(table); });
  if (!of_this || !whole)
    throw Error(ErrorKind::bad_input, fmt::format("{} is not what this sweep has written there", file.string()), kAgain);
}

}  // namespace

std::string scores_file(const SweepRun& run, const std::string& loss, std::int64_t seed, std::int64_t examples,
                        const SweepOptions& options) {
  const std::string size = examples == options.examples ? "" : fmt::format("-n{}", examples);
  return fmt::format("scores/{}-{}-{}{}.json", run.name, loss, seed, size);
}

ScoredRun::ScoredRun(const RunInputs& data, const SweepOptions& options) {
  for (const std::int64_t size : scored_sizes(options))
    for (const std::string& loss : data.losses)
      for (std::int64_t seed = 0; seed < options.seeds; ++seed)
        entries_.push_back({loss, seed, size, scores_file(data.run, loss, seed, size, options), {}});
}

ScoredRun ScoredRun::imagined(const RunInputs& data, const SweepOptions& options, const engine::Model& model) {
  ScoredRun run(data, options);
  score::ScoreOptions weights;  // tables that need no run of the model are computed
  weights.tables = score::weight_statistics();
  weights.sites = scored_sites(options);
  const score::Scores real = score::score_heads(model, first_examples(data.calibration.front(), 1), weights);
  Rng rng(0);
  for (Entry& entry : run.entries_) {
    entry.scores = real;
    for (const std::string& name : tables(options)) invent(score::find_statistic(name), scored_sites(options), rng, entry.scores);
  }
  return run;
}

ScoredRun::ScoredRun(const RunInputs& data, const SweepOptions& options, const engine::Model& model,
                     const std::filesystem::path& folder, Progress& progress)
    : ScoredRun(data, options) {
  for (Entry& entry : entries_) {
    const data::Dataset calibration = first_examples(data.calibration[static_cast<std::size_t>(entry.seed)], entry.requested);
    const std::filesystem::path file = folder / entry.file;
    const pipeline::ScoreRequest request = request_of(data, options, entry);
    if (is_there(file)) {
      entry.scores = score::read_scores(file);
      check_read(entry, data, calibration, request.score.tables, file, progress);
      continue;
    }
    entry.scores = pipeline::score_dataset(model, calibration, request, progress);
    entry.scores.model_info.hashes = data.model;
    Progress::throw_if_cancelled();
    score::write_scores(file, entry.scores, false);
  }
}

const ScoredRun::Entry* ScoredRun::find(const std::string& loss, std::int64_t seed, std::int64_t requested) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    return entry.loss == loss && entry.seed == seed && entry.requested == requested;
  });
  return found == entries_.end() ? nullptr : &*found;
}

}  // namespace hies::sweep
