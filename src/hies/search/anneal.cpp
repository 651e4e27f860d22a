#include "hies/search/anneal.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <tuple>

#include "hies/base/rng.h"

namespace hies::search {
namespace {

constexpr std::size_t kProposals = 8;  // of a step
constexpr std::size_t kOthers = 3;     // further masks that the result names

// Units that are removed, in the order of Space::units.
using Chosen = std::set<std::size_t>;

class Annealing {
 public:
  Annealing(const Space& space, Objective& objective, const SearchOptions& options, Progress& progress)
      : space_(space), objective_(objective), options_(options), progress_(progress), rng_(options.search_seed) {}

  Found run() {
    Removal start(space_);
    for (std::size_t unit = 0; unit < space_.units().size() && !start.meets_budget(); ++unit)
      if (start.can_remove(unit)) start.remove(unit);
    now_ = Chosen(start.order().begin(), start.order().end());
    value_ = objective_.value(start.mask(), of_masks_);  // time for one mask there is
    best_.emplace(value_, now_);
    progress_.begin("anneal", options_.anneal_steps, "steps");
    while (found_.step_count < options_.anneal_steps && step()) {
    }
    progress_.end();
    found_.stopped = found_.step_count < options_.anneal_steps;
    found_.removed = mask(best_.begin()->second);
    for (auto other = std::next(best_.begin()); other != best_.end(); ++other) found_.others.push_back(mask(other->second));
    for (std::size_t unit = 0; unit < space_.units().size(); ++unit) found_.candidates += space_.is_protected(unit) ? 0 : 1;
    return std::move(found_);
  }

 private:
  // Returns the removal of the units, or nothing where it is not allowed.
  std::optional<Removal> removal(const Chosen& chosen) const {
    Removal removal(space_);
    for (const std::size_t unit : chosen) {
      if (!removal.can_remove(unit)) return std::nullopt;
      removal.remove(unit);
    }
    return removal;
  }
  model::UnitSet mask(const Chosen& chosen) const { return removal(chosen)->mask(); }

  std::size_t any(const Chosen& chosen) {
    return *std::next(chosen.begin(), static_cast<std::ptrdiff_t>(rng_.below(chosen.size())));
  }

  // Returns the units with one given back and others removed instead; nothing where that cannot be.
  std::optional<Chosen> neighbour() {
    Chosen chosen = now_;
    const std::size_t back = any(chosen);
    chosen.erase(back);
    std::optional<Removal> left = removal(chosen);
    while (left && !left->meets_budget()) {
      std::vector<std::size_t> free;
      for (std::size_t unit = 0; unit < space_.units().size(); ++unit)
        if (unit != back && left->can_remove(unit)) free.push_back(unit);
      if (free.empty()) return std::nullopt;
      const std::size_t unit = free[rng_.below(free.size())];
      left->remove(unit);
      chosen.insert(unit);
    }
    if (!left) return std::nullopt;
    // What was removed may cost more than what was given back.
    Chosen less = chosen;
    less.erase(any(less));
    if (const auto fewer = removal(less); fewer && fewer->meets_budget()) return less;
    return chosen;
  }

  // Returns false where time was up, or nothing is left to propose.
  bool step() {
    std::vector<std::pair<model::UnitSet, Chosen>> proposals;
    std::vector<model::UnitSet> masks;
    for (std::size_t tries = 0; proposals.size() < kProposals && tries < 20 * kProposals; ++tries)
      if (auto chosen = neighbour()) {
        masks.push_back(mask(*chosen));
        proposals.emplace_back(masks.back(), std::move(*chosen));
      }
    const double luck = rng_.uniform();  // drawn in any case, so that a step takes as many numbers whatever its values
    if (proposals.empty() || !objective_.evaluate(masks, mask(now_), of_masks_)) return false;
    const auto value = [&](const auto& proposal) { return std::tuple(objective_.known(proposal.first), proposal.second); };
    const auto best =
        std::min_element(proposals.begin(), proposals.end(), [&](const auto& a, const auto& b) { return value(a) < value(b); });
    const double next = objective_.known(best->first);
    // The temperature is a share of the objective: scales differ from model to model.
    const double left = 1 - static_cast<double>(found_.step_count) / static_cast<double>(options_.anneal_steps);
    const double temperature = options_.temperature * left * value_;
    if (next <= value_ || (temperature > 0 && luck < std::exp((value_ - next) / temperature))) {
      now_ = best->second;
      value_ = next;
      best_.emplace(value_, now_);
      if (best_.size() > 1 + kOthers) best_.erase(std::prev(best_.end()));
    }
    ++found_.step_count;
    found_.steps.push_back({{"objective", value_}, {"best", best_.begin()->first}});
    progress_.status(fmt::format("objective {:.4g}", best_.begin()->first));
    progress_.advance(1);
    return true;
  }

  const Space& space_;
  Objective& objective_;
  const SearchOptions& options_;
  Progress& progress_;
  Progress of_masks_;  // looks at cancellation alone
  Rng rng_;
  Chosen now_;
  double value_ = 0;
  std::set<std::pair<double, Chosen>> best_;
  Found found_;
};

}  // namespace

Found anneal(const Space& space, Objective& objective, const SearchOptions& options, Progress& progress) {
  return Annealing(space, objective, options, progress).run();
}

}  // namespace hies::search
