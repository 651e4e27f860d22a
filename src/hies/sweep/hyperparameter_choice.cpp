#include "hies/sweep/hyperparameter_choice.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "hies/base/error.h"
#include "hies/base/json_node.h"
#include "hies/data/metrics.h"
#include "hies/eval/quality.h"
#include "hies/evidence/weighted_auc.h"
#include "hies/sweep/journal_entries.h"
#include "hies/sweep/mask_chunks.h"

namespace hies::sweep {
namespace {

constexpr std::string_view kHeldoutSchema = "hies.heldout/1";
constexpr std::string_view kHeldoutFile = "heldout.jsonl";

bool waits(const Cell& cell) { return cell.choose_alpha || cell.choose_loss; }

// A share of something else, or of other units, is chosen for by itself. A refit is not: models are compared without it.
bool same_budget(const Cell& a, const Cell& b) { return a.sites == b.sites && a.budget == b.budget; }

// Returns whether both cells wait for the same choice.
bool same_choice(const Cell& a, const Cell& b) {
  return spelled(a.method) == spelled(b.method) && same_budget(a, b) && a.choose_alpha == b.choose_alpha &&
         a.choose_loss == b.choose_loss && (a.choose_loss || a.loss == b.loss);
}

// Returns whether `candidate`, a cell of the grid, is a candidate of the choice that `waiting` waits for.
bool counts_for(const Cell& candidate, const Cell& waiting, std::int64_t examples) {
  return !waits(candidate) && same_budget(candidate, waiting) && spelled(candidate.method) == spelled(waiting.method) &&
         candidate.examples.value_or(examples) == examples && (waiting.choose_loss || candidate.loss == waiting.loss);
}

// One line of the journal.
struct MaskQuality {
  std::string run;
  std::string mask;
  double quality = 0;

  template <class V, class Self>
  static void fields(V& v, Self& self) {
    v("run", self.run);
    v("mask", self.mask);
    v("quality", self.quality);
  }
};

// Returns groups of cells with equal `key`, in the order of their first cells.
template <class Key>
std::vector<std::vector<Cell>> group(const std::vector<Cell>& cells, const Key& key) {
  std::vector<std::vector<Cell>> groups;
  for (const Cell& cell : cells) {
    const auto found =
        std::find_if(groups.begin(), groups.end(), [&](const auto& some) { return key(some.front()) == key(cell); });
    if (found == groups.end()) groups.push_back({cell});
    else found->push_back(cell);
  }
  return groups;
}

}  // namespace

HyperparameterChooser::HyperparameterChooser(const RunInputs& data, const SweepOptions& options, const Planner& planner,
                                             const engine::Model& model, const std::filesystem::path& folder)
    : data_(data), options_(options), planner_(planner), model_(model), folder_(folder) {}

void HyperparameterChooser::evaluate(const std::vector<Cell>& cells, eval::MaskStats& stats, Progress& progress) {
  Journal journal(folder_ / kHeldoutFile);
  for (const MaskQuality& known : journal_entries<MaskQuality>(journal, data_.run.name)) quality_[known.mask] = known.quality;
  std::set<model::UnitSet, decltype(&model::has_first_difference)> distinct(&model::has_first_difference);
  for (const Cell& cell : cells) distinct.insert(planner_.plan(cell).removed);
  std::vector<model::UnitSet> all(distinct.begin(), distinct.end()), masks;
  std::vector<std::string> names;
  for (const model::UnitSet& mask : all) {
    if (quality_.contains(mask.hash())) continue;
    masks.push_back(mask);
    names.push_back(mask.hash());
  }
  const data::Metric& metric = data::metric(data_.task.primary_metric());
  MaskWork work{.model = model_,
                .dataset = data_.heldout,
                .masks = masks,
                .batch_tokens = options_.eval.batch_tokens,
                .take = {},
                .keep = {}};
  work.chunk = chunk_size(options_.masks_at_once, *data_.checkpoint, data_.heldout);
  work.take = [&](std::size_t mask, const eval::Predictions& predictions) {
    quality_[names[mask]] =
        data::higher_is_better_value(metric, eval::quality(data_.task, data_.heldout, predictions).front().second);
  };
  work.keep = [&](std::size_t begin, std::size_t end) {
    std::vector<std::string> lines;
    for (std::size_t mask = begin; mask < end; ++mask)
      lines.push_back(journal_line(kHeldoutSchema, MaskQuality{data_.run.name, names[mask], quality_.at(names[mask])}));
    journal.append(lines);
  };
  stats = count_chunks(all, data_.checkpoint->spec().layout, work.chunk);
  run_chunks(work, data_.run.name + " held-out", progress);
}

double HyperparameterChooser::quality(const Cell& cell) const { return quality_.at(planner_.plan(cell).removed.hash()); }

// Returns the mean over the seeds; `cells` are of one loss and one alpha.
double HyperparameterChooser::wauc(const std::vector<Cell>& cells) const {
  const auto by_seed = group(cells, [](const Cell& cell) { return cell.seed; });
  double sum = 0;
  for (const std::vector<Cell>& seed : by_seed) {
    std::vector<double> ratios, values;
    for (const Cell& cell : seed) {
      ratios.push_back(cell.ratio);
      values.push_back(quality(cell));
    }
    sum += evidence::weighted_auc(ratios, values);
  }
  return sum / static_cast<double>(by_seed.size());
}

HyperparameterChoice HyperparameterChooser::choose_for(const Cell& waiting, const std::vector<Cell>& cells) const {
  HyperparameterChoice choice;
  choice.method = spelled(waiting.method);
  choice.sites = waiting.sites;
  choice.budget = waiting.budget;
  choice.chose_alpha = waiting.choose_alpha;
  choice.chose_loss = waiting.choose_loss;
  std::vector<Cell> counting;
  std::copy_if(cells.begin(), cells.end(), std::back_inserter(counting), [&](const Cell& cell) {
    return cell.refit == options_.refit.front() && counts_for(cell, waiting, options_.examples);
  });
  for (const std::vector<Cell>& loss : group(counting, [](const Cell& cell) { return cell.loss; })) {
    const auto by_alpha = group(loss, [](const Cell& cell) { return cell.alpha; });
    double sum = 0;
    for (const std::vector<Cell>& alpha : by_alpha) {
      const double area = wauc(alpha);
      sum += area;
      if (waiting.choose_alpha) choice.candidates.push_back({loss.front().loss, alpha.front().alpha, area});
    }
    if (!waiting.choose_alpha)
      choice.candidates.push_back({loss.front().loss, std::nullopt, sum / static_cast<double>(by_alpha.size())});
  }
  check(!choice.candidates.empty(), "there is something to choose from");
  choice.chosen = *std::max_element(
      choice.candidates.begin(), choice.candidates.end(), [usual = usual_alpha(options_)](const auto& a, const auto& b) {
        if (a.wauc != b.wauc) return a.wauc < b.wauc;
        return std::abs(a.alpha.value_or(usual) - usual) > std::abs(b.alpha.value_or(usual) - usual);
      });
  return choice;
}

std::vector<HyperparameterChoice> HyperparameterChooser::choose(std::vector<Cell>& cells, eval::MaskStats& stats,
                                                                Progress& progress) {
  std::vector<Cell> waiting;  // one for each choice
  for (const Cell& cell : cells) {
    const bool known = std::any_of(waiting.begin(), waiting.end(), [&](const Cell& other) { return same_choice(other, cell); });
    if (waits(cell) && !known) waiting.push_back(cell);
  }
  std::vector<HyperparameterChoice> choices;
  if (waiting.empty()) return choices;
  std::vector<Cell> counting;
  std::copy_if(cells.begin(), cells.end(), std::back_inserter(counting), [&](const Cell& cell) {
    return std::any_of(waiting.begin(), waiting.end(),
                       [&](const Cell& choice) { return counts_for(cell, choice, options_.examples); });
  });
  evaluate(counting, stats, progress);
  for (const Cell& choice : waiting) choices.push_back(choose_for(choice, counting));
  for (Cell& cell : cells) {
    if (!waits(cell)) continue;
    const auto found = std::find_if(waiting.begin(), waiting.end(), [&](const Cell& other) { return same_choice(other, cell); });
    const HyperparameterChoice& choice = choices[static_cast<std::size_t>(found - waiting.begin())];
    if (cell.choose_alpha) cell.alpha = choice.chosen.alpha;
    if (cell.choose_loss) cell.loss = choice.chosen.loss;
  }
  return choices;
}

Json choice_json(const HyperparameterChoice& choice) {
  const auto candidate = [](const HyperparameterChoice::Candidate& c) {
    return Json{{"loss", c.loss ? Json(*c.loss) : Json()}, {"alpha", c.alpha ? Json(*c.alpha) : Json()}, {"wauc", c.wauc}};
  };
  Json json = {{"method", choice.method},           {"sites", choice.sites},           {"budget", choice.budget},
               {"chose_alpha", choice.chose_alpha}, {"chose_loss", choice.chose_loss}, {"chosen", candidate(choice.chosen)},
               {"candidates", Json::array()}};
  for (const HyperparameterChoice::Candidate& c : choice.candidates) json["candidates"].push_back(candidate(c));
  return json;
}

}  // namespace hies::sweep
