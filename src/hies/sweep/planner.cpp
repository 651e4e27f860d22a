#include "hies/sweep/planner.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "hies/base/error.h"
#include "hies/eval/cost.h"
#include "hies/pipeline/plan_run.h"
#include "hies/score/statistics/second_order.h"

namespace hies::sweep {
namespace {

// Returns what tells fits of one mask apart. Of a baseline that removes no units only the budget does.
std::string fit_name(const Cell& cell) {
  if (cell.method.baseline == nullptr) return cell.refit;
  return fmt::format("{} {} {}", cell.method.name, cell.budget, cell.ratio);
}

// Of a model that costs more than before nothing is gone; what it costs stands beside the share.
double share_gone(double before, double after) { return before > 0 ? std::max(0.0, (before - after) / before) : 0; }

}  // namespace

Planner::Planner(const RunInputs& data, const SweepOptions& options, const ScoredRun& scored, const ChosenPlans* chosen)
    : data_(data), options_(options), scored_(scored), chosen_(chosen), lengths_(eval::lengths(data.evaluation.dataset)) {
  const model::Layout& layout = data.checkpoint->spec().layout;
  heads_ = layout.active_count(model::SiteKind::attention);
  neurons_ = layout.active_count(model::SiteKind::ffn);
  const eval::Cost whole = eval::cost(*data.checkpoint, layout, lengths_);
  parameters_ = whole.parameters;
  flops_ = whole.flops_per_example;
}

const ScoredRun::Entry& Planner::ranking(const Cell& cell) const {
  const std::int64_t seed = cell.method.reads_data ? cell.seed.value() : 0;
  const ScoredRun::Entry* entry =
      scored_.find(cell.loss.value_or(data_.losses.front()), seed, cell.examples.value_or(options_.examples));
  check(entry != nullptr, "all that a cell needs is scored");
  return *entry;
}

prune::Plan Planner::plan(const Cell& cell) const {
  if (const prune::Plan* known = chosen_ == nullptr ? nullptr : chosen_->find(cell)) return *known;
  score::MethodOptions method = options_.method;
  method.method = cell.method.scorer;
  method.alpha = cell.alpha.value_or(method.alpha);
  method.seed = cell.method.drawn ? static_cast<std::uint64_t>(cell.seed.value()) : 0;
  method.sites = cell.sites;
  return pipeline::run_plan(ranking(cell).scores, method, cell_budget(options_, cell));
}

evidence::Cost Planner::cost(const model::Layout& left, const model::UnitSet& removed) const {
  const eval::Cost cost = eval::cost(*data_.checkpoint, left, lengths_);
  const auto share = [&](std::int64_t present, model::SiteKind kind) {
    return present > 0 ? static_cast<double>(removed.count(kind)) / static_cast<double>(present) : 0;
  };
  return {cost.parameters,
          cost.flops_per_example,
          {share(heads_, model::SiteKind::attention),
           share_gone(static_cast<double>(parameters_), static_cast<double>(cost.parameters)),
           share_gone(flops_, cost.flops_per_example), share(neurons_, model::SiteKind::ffn)}};
}

evidence::Cost Planner::narrower_cost(const Cell& cell) const {
  const baseline::Baseline::Narrower narrower =
      cell.method.baseline->narrower(data_.checkpoint->spec(), cell_budget(options_, cell));
  const baseline::NarrowerCost cost = baseline::narrower_cost(*data_.checkpoint, narrower, lengths_);
  return {cost.parameters,
          cost.flops_per_example,
          {0, share_gone(static_cast<double>(parameters_), static_cast<double>(cost.parameters)),
           share_gone(flops_, cost.flops_per_example), 0}};
}

void Planner::add_bound(const Cell& cell, evidence::Record& record) const {
  evidence::Bound& bound = record.measured.bound;
  bound.loss = data_.evaluation_loss();
  const std::int64_t seed = cell.method.reads_data ? cell.seed.value() : 0;
  const ScoredRun::Entry* entry = scored_.find(bound.loss, seed, cell.examples.value_or(options_.examples));
  // The bound is one of heads, with the weights as they were.
  if (entry == nullptr || cell.changes_weights() || record.mask.neurons_removed > 0) return;
  const score::Scores& scores = entry->scores;
  const auto &gradients = scores.table(score::kGateGradient), &squares = scores.table(score::kOutputSquares),
             &norms = scores.table(score::kOutputNorm);
  const double curvature = scores.constant(score::kCurvature);
  double first = 0, second = 0, second_heads = 0;
  for (const auto& [site, heads] : record.mask.removed) {
    const double whole = scores.site_value(score::kOutputNorm, site);
    for (const int head : heads) {
      const auto i = static_cast<std::size_t>(scores.layout.at(site).position_of(head));
      const double own = norms.at(site)[i], square = squares.at(site)[i];
      first += gradients.at(site)[i];
      second += curvature * whole * whole / 2 * square;
      second_heads += curvature * own * own / 2 * square;
    }
  }
  bound.first_order = first;
  bound.second_order = second;
  bound.second_order_heads = second_heads;
  bound.scores = entry->file;
}

evidence::Record Planner::record(const Cell& cell, const prune::Plan& plan) const {
  evidence::Record record;
  record.key.run = data_.run.name;
  record.key.task = data_.task.name;
  record.key.model = data_.model;
  record.key.method = cell.method.name;
  record.key.uniform = cell.method.uniform;
  record.key.alpha = cell.alpha;
  if (cell.choose_alpha) record.key.alpha_from = heldout_name(options_);
  record.key.loss = cell.loss;
  if (cell.choose_loss) record.key.loss_from = heldout_name(options_);
  record.key.seed = cell.seed;
  if (cell.method.reads_data) {
    const ScoredRun::Entry& entry = ranking(cell);
    record.key.examples = entry.scores.calibration.examples;
    record.key.scores = entry.file;
  }
  record.key.sites = cell.sites;
  record.key.budget = cell.budget;
  record.key.ratio = cell.ratio;
  record.key.refit = cell.refit;
  record.mask.hash = plan.removed.hash();
  record.mask.removed = plan.removed;
  record.mask.heads_removed = plan.removed.count(model::SiteKind::attention);
  record.mask.heads = heads_ - record.mask.heads_removed;
  record.mask.neurons_removed = plan.removed.count(model::SiteKind::ffn);
  record.mask.neurons = neurons_ - record.mask.neurons_removed;
  record.measured.cost = cost(prune::pruned_layout(plan, data_.checkpoint->spec().layout), plan.removed);
  if (cell.method.baseline != nullptr && !cell.method.baseline->removes_units) record.measured.cost = narrower_cost(cell);
  add_bound(cell, record);
  return record;
}

evidence::Record Planner::unpruned() const {
  Cell cell;
  cell.method.name = evidence::kUnprunedMethod;
  return record(cell, prune::Plan());
}

std::pair<std::int64_t, std::int64_t> rows_of(const Cell& cell, const SweepOptions& options) {
  return {cell.method.reads_data ? cell.seed.value() : 0, cell.examples.value_or(options.examples)};
}

std::vector<MaskGroup> group_by_model(const Planner& planner, const std::vector<Cell>& cells, const SweepOptions& options) {
  using Fit = std::tuple<std::string, std::int64_t, std::int64_t>;  // refit, seed and examples of its rows
  std::vector<MaskGroup> groups(1);
  groups[0].records.push_back(planner.unpruned());
  std::map<std::pair<std::string, Fit>, std::size_t> place = {{{groups[0].removed.hash(), {}}, 0}};
  for (const Cell& cell : cells) {
    const prune::Plan plan = planner.plan(cell);
    evidence::Record record = planner.record(cell, plan);
    const auto [seed, examples] = rows_of(cell, options);
    const Fit fit = cell.changes_weights() ? Fit(fit_name(cell), seed, examples) : Fit();
    const auto [found, is_new] = place.emplace(std::pair(record.mask.hash, fit), groups.size());
    if (is_new) groups.push_back({plan.removed, cell, {}});
    groups[found->second].records.push_back(std::move(record));
  }
  std::stable_sort(groups.begin() + 1, groups.end(), [](const MaskGroup& a, const MaskGroup& b) {
    if (a.refitted.changes_weights() != b.refitted.changes_weights()) return b.refitted.changes_weights();
    return model::has_first_difference(a.removed, b.removed);
  });
  return groups;
}

std::size_t plain_count(const std::vector<MaskGroup>& groups) {
  return static_cast<std::size_t>(
      std::count_if(groups.begin(), groups.end(), [](const MaskGroup& group) { return !group.refitted.changes_weights(); }));
}

}  // namespace hies::sweep
