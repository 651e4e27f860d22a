#include "hies/search/evolve.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "hies/base/rng.h"

namespace hies::search {
namespace {

constexpr std::size_t kParents = 4;

// How many units each site loses, lowest scores first.
using Levels = std::vector<std::size_t>;

class Evolution {
 public:
  Evolution(const Space& space, Objective& few, Objective& all, const SearchOptions& options, Progress& progress)
      : space_(space), few_(few), all_(all), options_(options), progress_(progress), rng_(options.search_seed) {
    std::map<model::Site, std::size_t> places;
    for (std::size_t unit = 0; unit < space.units().size(); ++unit) {
      if (space.is_protected(unit)) continue;
      const auto [place, added] = places.try_emplace(space.units()[unit].site, sites_.size());
      if (added) sites_.emplace_back();
      sites_[place->second].push_back(unit);
    }
  }

  Found run() {
    progress_.begin("evolve", options_.generations, "generations");
    parents_ = {begin()};
    all_.value(mask(parents_.front()), progress_of_masks_);  // time for one mask there is
    while (found_.step_count < options_.generations && generation()) {
    }
    progress_.end();
    found_.stopped = found_.step_count < options_.generations;
    found_.removed = mask(parents_.front());
    for (std::size_t i = 1; i < parents_.size(); ++i) found_.others.push_back(mask(parents_[i]));
    for (const auto& units : sites_) found_.candidates += std::ssize(units);
    return std::move(found_);
  }

 private:
  // Returns what the scores alone remove.
  Levels begin() const {
    Removal removal(space_);
    for (std::size_t unit = 0; unit < space_.units().size() && !removal.meets_budget(); ++unit)
      if (removal.can_remove(unit)) removal.remove(unit);
    Levels levels;
    for (const auto& units : sites_)
      levels.push_back(static_cast<std::size_t>(
          std::count_if(units.begin(), units.end(), [&](std::size_t unit) { return removal.is_removed(unit); })));
    return levels;
  }

  model::UnitSet mask(const Levels& levels) const {
    model::UnitSet removed;
    for (std::size_t site = 0; site < levels.size(); ++site)
      for (std::size_t i = 0; i < levels[site]; ++i)
        removed.insert(space_.units()[sites_[site][i]].site, space_.units()[sites_[site][i]].members);
    return removed;
  }

  // Returns the share of the budget that the levels use; nothing where a site must not lose so much.
  std::optional<double> used(const Levels& levels) const {
    Removal removal(space_);
    for (std::size_t site = 0; site < levels.size(); ++site)
      for (std::size_t i = 0; i < levels[site]; ++i) {
        if (!removal.can_remove(sites_[site][i])) return std::nullopt;
        removal.remove(sites_[site][i]);
      }
    return removal.used();
  }

  // Returns the levels with a unit less removed from one site and as many more from another as the budget needs, or nothing where that
  // cannot be.
  std::optional<Levels> mutated(Levels levels) {
    const std::size_t from = rng_.below(sites_.size()), to = rng_.below(sites_.size());
    if (from == to || levels[from] == 0) return std::nullopt;
    --levels[from];
    std::optional<double> share = used(levels);
    while (share && *share < 1 && levels[to] < sites_[to].size()) {
      ++levels[to];
      share = used(levels);
    }
    if (!share || *share < 1) return std::nullopt;
    // What was taken may have cost more than what was given back.
    while (levels[from] > 0) {
      Levels less = levels;
      --less[from];
      if (const auto still = used(less); !still || *still < 1) break;
      levels = std::move(less);
    }
    return levels;
  }

  std::vector<Levels> offspring() {
    std::vector<Levels> children;
    for (std::int64_t tries = 0; std::ssize(children) < options_.offspring && tries < 50 * options_.offspring; ++tries) {
      Levels child = parents_[rng_.below(parents_.size())];
      for (std::uint64_t times = 1 + rng_.below(3); times-- > 0;)
        if (auto changed = mutated(child)) child = std::move(*changed);
      if (seen_.insert(child).second) children.push_back(std::move(child));
    }
    return children;
  }

  // Sorts by the objective, and returns false where time was up.
  bool judge(std::vector<Levels>& all, Objective& objective) {
    std::vector<model::UnitSet> masks;
    for (const Levels& levels : all) masks.push_back(mask(levels));
    if (!objective.evaluate(masks, mask(parents_.front()), progress_of_masks_)) return false;
    std::sort(all.begin(), all.end(), [&](const Levels& a, const Levels& b) {
      return std::tuple(objective.known(mask(a)), a) < std::tuple(objective.known(mask(b)), b);
    });
    return true;
  }

  // Returns false where time was up, or nothing new was found.
  bool generation() {
    for (const Levels& parent : parents_) seen_.insert(parent);
    std::vector<Levels> children = offspring();
    if (children.empty() || !judge(children, few_)) return false;
    const auto judged = std::ssize(children);
    children.resize(std::min(children.size(), kParents));
    for (const Levels& parent : parents_) children.push_back(parent);
    if (!judge(children, all_)) return false;
    children.resize(std::min(children.size(), kParents));
    parents_ = std::move(children);
    const double best = all_.known(mask(parents_.front()));
    ++found_.step_count;
    found_.steps.push_back({{"offspring", judged}, {"objective", best}});
    progress_.status(fmt::format("objective {:.4g}", best));
    progress_.advance(1);
    return true;
  }

  const Space& space_;
  Objective& few_;
  Objective& all_;
  const SearchOptions& options_;
  Progress& progress_;
  Progress progress_of_masks_;  // looks at cancellation alone
  Rng rng_;
  std::vector<std::vector<std::size_t>> sites_;  // units of each, lowest scores first
  std::vector<Levels> parents_;                  // best first
  std::set<Levels> seen_;
  Found found_;
};

}  // namespace

Found evolve(const Space& space, Objective& few, Objective& all, const SearchOptions& options, Progress& progress) {
  return Evolution(space, few, all, options, progress).run();
}

}  // namespace hies::search
