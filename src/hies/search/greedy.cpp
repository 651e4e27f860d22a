#include "hies/search/greedy.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <tuple>

namespace hies::search {
namespace {

constexpr std::size_t kAtOnce = 8;  // candidates that are evaluated before it is looked whether more have to be

class Elimination {
 public:
  Elimination(const Space& space, Objective& objective, const SearchOptions& options, Progress& progress)
      : space_(space),
        objective_(objective),
        options_(options),
        progress_(progress),
        removal_(space),
        estimates_(space.units().size()),
        is_candidate_(space.units().size(), options.candidates == 0) {
    const double allowed = std::ceil(options.candidates * static_cast<double>(space.removed_by_scores()));
    std::size_t taken = 0;
    for (std::size_t unit = 0; unit < is_candidate_.size() && static_cast<double>(taken) < allowed; ++unit)
      if (removal_.can_remove(unit) || space.units()[unit].in_turn) is_candidate_[unit] = ++taken > 0;
    // The next block of neurons is always a candidate.
    for (std::size_t unit = 0; unit < is_candidate_.size(); ++unit)
      if (space.units()[unit].in_turn) is_candidate_[unit] = true;
    result_.candidates = std::count(is_candidate_.begin(), is_candidate_.end(), true);
  }

  Greedy run() {
    progress_.begin("greedy", 100, "% of the budget");
    while (!removal_.meets_budget()) {
      const std::optional<Step> step = next_step();
      if (!step) break;
      remove(*step);
    }
    while (!removal_.meets_budget()) fill();
    progress_.end();
    result_.removed = removal_.mask();
    result_.order = removal_.order();
    return std::move(result_);
  }

 private:
  // A masks' evaluations are not counted; only cancellation is looked at.
  class Quiet : public Progress {
   public:
    explicit Quiet(Progress& outer) : outer_(outer) {}
    void warn(std::string_view message) override { outer_.warn(message); }

   private:
    Progress& outer_;
  };

  // Returns the units that may be removed next, those first whose last known increase for their FLOPs is least.
  std::vector<std::size_t> queue() {
    std::vector<std::size_t> units;
    const auto collect = [&](bool all) {
      for (std::size_t unit = 0; unit < is_candidate_.size(); ++unit)
        if ((all || is_candidate_[unit]) && removal_.can_remove(unit)) units.push_back(unit);
    };
    collect(false);
    if (units.empty()) collect(true);  // the rest is protected, or its layers must keep it
    check(!units.empty(), "no unit is left to remove, but the budget is not met");
    std::sort(units.begin(), units.end(),
              [&](std::size_t a, std::size_t b) { return std::tuple(estimate(a), a) < std::tuple(estimate(b), b); });
    return units;
  }

  double cost(std::size_t unit) const { return space_.units()[unit].cost > 0 ? space_.units()[unit].cost : 1; }

  // Returns the last known increase for the unit's FLOPs. Of a block of neurons that has not been evaluated it is that of the block
  // before it; a unit of which nothing is known stands first.
  double estimate(std::size_t unit) const {
    if (estimates_[unit]) return *estimates_[unit];
    const auto before = last_block_.find(space_.units()[unit].site);
    return before == last_block_.end() ? -std::numeric_limits<double>::infinity() : before->second;
  }

  // Returns nothing where time is up.
  std::optional<Step> next_step() {
    const std::vector<std::size_t> units = queue();
    result_.exhaustive += std::ssize(units);
    const std::size_t most =
        options_.width == 0 ? units.size() : std::min(units.size(), static_cast<std::size_t>(options_.width));
    std::optional<std::size_t> best;
    std::size_t evaluated = 0;
    Quiet quiet(progress_);
    const auto unknown = [&] { return std::isinf(estimate(units[evaluated])); };
    const auto certain = [&] {
      return evaluated == units.size() || (best && *estimates_[*best] <= estimate(units[evaluated]) && options_.width != 0);
    };
    while (evaluated < units.size() && !certain() && (evaluated < most || unknown())) {
      const std::size_t end = std::min(evaluated + kAtOnce, units.size());
      std::vector<model::UnitSet> masks;
      for (std::size_t i = evaluated; i < end; ++i) masks.push_back(removal_.with(units[i]));
      if (!objective_.evaluate(masks, removal_.mask(), quiet)) return std::nullopt;
      for (std::size_t i = evaluated; i < end; ++i) {
        const std::size_t unit = units[i];
        estimates_[unit] = (objective_.known(masks[i - evaluated]) - now_) / cost(unit);
        if (!best || std::tuple(*estimates_[unit], unit) < std::tuple(*estimates_[*best], *best)) best = unit;
      }
      evaluated = end;
    }
    return Step{*best, objective_.known(removal_.with(*best)), static_cast<std::int64_t>(evaluated), certain()};
  }

  void remove(const Step& step) {
    if (space_.units()[step.unit].in_turn) last_block_[space_.units()[step.unit].site] = *estimates_[step.unit];
    removal_.remove(step.unit);
    now_ = step.objective;
    result_.steps.push_back(step);
    progress_.status(fmt::format("{} removed, objective {:.4g}", result_.steps.size(), now_));
    const auto percent = static_cast<std::int64_t>(std::min(1.0, removal_.used()) * 100);
    progress_.advance(percent - percent_);
    percent_ = percent;
  }

  void fill() {
    std::vector<std::size_t> units = queue();
    // A unit of which nothing is known is removed last.
    const auto known = [&](std::size_t unit) {
      return std::isinf(estimate(unit)) ? std::numeric_limits<double>::infinity() : estimate(unit);
    };
    removal_.remove(*std::min_element(units.begin(), units.end(), [&](std::size_t a, std::size_t b) {
      return std::tuple(known(a), a) < std::tuple(known(b), b);
    }));
    ++result_.filled;
  }

  const Space& space_;
  Objective& objective_;
  const SearchOptions& options_;
  Progress& progress_;
  Removal removal_;
  std::vector<std::optional<double>> estimates_;  // last known increase ÷ FLOPs of each unit
  std::map<model::Site, double> last_block_;      // that of the last block of neurons that was removed
  std::vector<bool> is_candidate_;
  double now_ = 0;  // the objective of what is removed so far: nothing removed differs in nothing
  std::int64_t percent_ = 0;
  Greedy result_;
};

}  // namespace

Greedy greedy(const Space& space, Objective& objective, const SearchOptions& options, Progress& progress) {
  return Elimination(space, objective, options, progress).run();
}

Found found_by(const Greedy& greedy, const Space& space) {
  Found found;
  for (const Step& step : greedy.steps) {
    const Unit& unit = space.units()[step.unit];
    model::UnitSet one;
    one.insert(unit.site, unit.members);
    found.steps.push_back(
        {{"unit", one.text()}, {"objective", step.objective}, {"evaluated", step.evaluated}, {"certain", step.certain}});
    found.certain_steps += step.certain ? 1 : 0;
  }
  found.removed = greedy.removed;
  found.step_count = std::ssize(greedy.steps);
  found.candidates = greedy.candidates;
  found.exhaustive = greedy.exhaustive;
  found.filled = greedy.filled;
  found.stopped = greedy.filled > 0;
  return found;
}

}  // namespace hies::search
