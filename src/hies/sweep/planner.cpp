#include "hies/sweep/planner.h"

#include <algorithm>
#include <map>

#include "hies/base/error.h"
#include "hies/base/hash.h"
#include "hies/eval/cost.h"
#include "hies/pipeline/plan_run.h"

namespace hies::sweep {
namespace {

// Calls visit(layer, position of the head in the layer) for every pruned head.
template <class Visit>
void for_each_pruned(const std::map<int, std::vector<int>>& pruned, const model::HeadLayout& layout, const Visit& visit) {
  for (const auto& [key, heads] : pruned) {
    const auto layer = static_cast<std::size_t>(key);
    for (const int head : heads) visit(layer, static_cast<std::size_t>(layout[layer].position_of(head)));
  }
}

double share_gone(double before, double after) { return before > 0 ? (before - after) / before : 0; }

bool is_unpruned(const model::HeadGates& gates) {
  return std::all_of(gates.begin(), gates.end(), [](const std::vector<double>& row) {
    return std::all_of(row.begin(), row.end(), [](double gate) { return gate == 1; });
  });
}

}  // namespace

Planner::Planner(const RunInputs& data, const SweepOptions& options, const ScoredRun& scored)
    : data_(data), options_(options), scored_(scored), lengths_(eval::lengths(data.evaluation.dataset)) {
  const model::HeadLayout& layout = data.checkpoint->spec().layers;
  heads_ = model::live_head_count(layout);
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
  score::MethodOptions method = options_.method;
  method.method = cell.method.scorer;
  method.alpha = cell.alpha.value_or(method.alpha);
  method.seed = cell.method.drawn ? static_cast<std::uint64_t>(cell.seed.value()) : 0;
  prune::BudgetOptions budget = options_.budget;
  budget.ratio = cell.ratio;
  budget.uniform = cell.method.uniform;
  return pipeline::run_plan(ranking(cell).scores, method, budget);
}

evidence::Cost Planner::cost(const model::HeadLayout& left, std::int64_t heads_removed) const {
  const eval::Cost cost = eval::cost(*data_.checkpoint, left, lengths_);
  return {cost.parameters,
          cost.flops_per_example,
          {heads_ > 0 ? static_cast<double>(heads_removed) / static_cast<double>(heads_) : 0,
           share_gone(static_cast<double>(parameters_), static_cast<double>(cost.parameters)),
           share_gone(flops_, cost.flops_per_example)}};
}

void Planner::add_bound(const Cell& cell, evidence::Record& record) const {
  evidence::Bound& bound = record.measured.bound;
  bound.loss = data_.evaluation_loss();
  const std::int64_t seed = cell.method.reads_data ? cell.seed.value() : 0;
  const ScoredRun::Entry* entry = scored_.find(bound.loss, seed, cell.examples.value_or(options_.examples));
  if (entry == nullptr) return;
  const score::Scores& scores = entry->scores;
  const auto& gradients = scores.table("gate_grad");
  const auto& squares = scores.table("a_sq");
  const score::OutputNorms& norms = scores.output_norms.value();
  const double curvature = scores.curvature.value();
  double first = 0, second = 0, second_heads = 0;
  for_each_pruned(record.mask.pruned, scores.layout, [&](std::size_t layer, std::size_t head) {
    const double whole = norms.layer[layer], own = norms.head[layer][head];
    first += gradients[layer][head];
    second += curvature * whole * whole / 2 * squares[layer][head];
    second_heads += curvature * own * own / 2 * squares[layer][head];
  });
  bound.first_order = first;
  bound.second_order = second;
  bound.second_order_heads = second_heads;
  bound.scores = entry->file;
}

evidence::Record Planner::record(const Cell& cell, const prune::Plan& plan) const {
  evidence::Record record;
  record.key.run = data_.run.name;
  record.key.task = data_.task.name;
  record.key.model_hash = data_.checkpoint->hash();
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
  record.key.ratio = cell.ratio;
  record.mask.hash = mask_hash(plan.pruned);
  record.mask.pruned = plan.pruned;
  record.mask.heads_removed = plan.pruned_count();
  record.mask.heads = heads_ - record.mask.heads_removed;
  record.measured.cost = cost(prune::pruned_layout(plan, data_.checkpoint->spec().layers), record.mask.heads_removed);
  add_bound(cell, record);
  return record;
}

evidence::Record Planner::unpruned() const {
  Cell cell;
  cell.method.name = evidence::kUnprunedMethod;
  return record(cell, prune::Plan());
}

std::string mask_hash(const std::map<int, std::vector<int>>& pruned) {
  Hasher hasher;
  for (const auto& [layer, heads] : pruned) {
    hasher.update(std::int64_t{layer}).update(static_cast<std::int64_t>(heads.size()));
    for (const int head : heads) hasher.update(std::int64_t{head});
  }
  return hasher.hex();
}

std::vector<MaskGroup> group_by_mask(const Planner& planner, const std::vector<Cell>& cells, const model::HeadLayout& layout) {
  std::vector<MaskGroup> groups(1);
  groups[0].gates = model::make_head_table<double>(layout, 1);
  groups[0].records.push_back(planner.unpruned());
  groups[0].mask = groups[0].records[0].mask.hash;
  std::map<std::string, std::size_t> place = {{groups[0].mask, 0}};
  for (const Cell& cell : cells) {
    const prune::Plan plan = planner.plan(cell);
    evidence::Record record = planner.record(cell, plan);
    const auto [found, is_new] = place.emplace(record.mask.hash, groups.size());
    if (is_new) groups.push_back({prune::gates(plan, layout), record.mask.hash, {}});
    groups[found->second].records.push_back(std::move(record));
  }
  check(is_unpruned(groups[0].gates), "the unpruned model comes first");
  std::sort(groups.begin() + 1, groups.end(), [](const MaskGroup& a, const MaskGroup& b) { return a.gates < b.gates; });
  return groups;
}

}  // namespace hies::sweep
