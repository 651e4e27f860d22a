#include "hies/sweep/grid.h"

#include <algorithm>
#include <cmath>

#include "hies/base/error.h"
#include "hies/base/suggest.h"
#include "hies/score/methods/method.h"
#include "hies/score/objectives/objectives.h"
#include "hies/score/statistics/statistic.h"

namespace hies::sweep {
namespace {

constexpr std::string_view kUniform = "/uniform";
constexpr std::string_view kLogit = "hies-logit";
constexpr std::string_view kSearches[] = {"greedy", "evolve"};

template <class T>
using Axis = std::vector<std::optional<T>>;

template <class T>
Axis<T> axis(const std::vector<T>& values) {
  return {values.begin(), values.end()};
}

Axis<std::int64_t> numbers_below(std::int64_t count) {
  Axis<std::int64_t> numbers;
  for (std::int64_t i = 0; i < count; ++i) numbers.emplace_back(i);
  return numbers;
}

// Makes the cells of one method.
class Builder {
 public:
  Builder(const SweepOptions& options, const std::vector<std::string>& losses, GridMethod method, std::string sites,
          std::vector<Cell>& cells)
      : options_(options),
        method_(std::move(method)),
        sites_(std::move(sites)),
        cells_(cells),
        choose_alpha_(method_.takes_alpha && options.alpha == "auto") {
    if (method_.reads_loss) losses_ = method_.loss.empty() ? axis(losses) : Axis<std::string>{method_.loss};
    if (method_.drawn) seeds_ = numbers_below(options.random_masks);
    if (method_.reads_data) seeds_ = numbers_below(options.seeds);
    if (method_.takes_alpha) alphas_ = axis(options.alphas);
  }

  void build() {
    const bool choose_loss = method_.reads_loss && method_.loss.empty() && options_.loss == "auto";
    const std::optional<std::int64_t> examples = method_.reads_data ? std::optional(options_.examples) : std::nullopt;
    for (const auto& loss : losses_) main_grid(loss, false, examples);
    if (choose_loss) main_grid(std::nullopt, true, examples);
    if (!method_.reads_data) return;
    for (const std::int64_t size : options_.calibration_sizes) {
      if (size == options_.examples) continue;
      for (const auto& loss : losses_) other_size(loss, false, size);
      if (choose_loss) other_size(std::nullopt, true, size);
    }
  }

 private:
  void main_grid(const std::optional<std::string>& loss, bool choose_loss, const std::optional<std::int64_t>& examples) {
    for (const auto& seed : seeds_) {
      // Where both are chosen, they are chosen together.
      if (!(choose_loss && choose_alpha_))
        for (const auto& alpha : alphas_) all_ratios(loss, choose_loss, alpha, false, seed, examples);
      if (choose_alpha_) all_ratios(loss, choose_loss, std::nullopt, true, seed, examples);
    }
  }

  void other_size(const std::optional<std::string>& loss, bool choose_loss, std::int64_t size) {
    std::optional<double> alpha;
    if (method_.takes_alpha && !choose_alpha_) alpha = usual_alpha(options_);
    for (const auto& seed : seeds_) all_ratios(loss, choose_loss, alpha, choose_alpha_, seed, size);
  }

  void all_ratios(const std::optional<std::string>& loss, bool choose_loss, const std::optional<double>& alpha, bool choose_alpha,
                  const std::optional<std::int64_t>& seed, const std::optional<std::int64_t>& examples) {
    for (const GridBudget& budget : grid_budgets(options_)) {
      if (!no_cells_because(method_, sites_, budget.name).empty()) continue;
      for (const double share : budget.shares)
        for (const std::string& refit : refits())
          cells_.push_back(
              {method_, alpha, choose_alpha, loss, choose_loss, seed, examples, sites_, std::string(budget.name), share, refit});
    }
  }

  // A baseline has a fit of its own.
  std::vector<std::string> refits() const {
    return method_.baseline != nullptr ? std::vector<std::string>{"none"} : options_.refit;
  }

  const SweepOptions& options_;
  GridMethod method_;
  std::string sites_;
  std::vector<Cell>& cells_;
  bool choose_alpha_;
  Axis<std::string> losses_{std::nullopt};
  Axis<std::int64_t> seeds_{std::nullopt};
  Axis<double> alphas_{std::nullopt};
};

}  // namespace

namespace {

// Takes what the scoring method says.
void take_scorer(const score::Method& known, GridMethod& method) {
  method.takes_alpha = known.takes_alpha;
  method.drawn = known.drawn;
  method.additive = known.additive;
  for (const std::string_view table : known.tables) {
    const score::Statistic& statistic = score::find_statistic(table);
    method.reads_loss = method.reads_loss || statistic.needs_gradient;
    method.reads_data = method.reads_data || statistic.reads_data();
  }
}

// Returns whether the method is one that chooses units with the model at hand, and sets what it begins with.
bool take_chooser(std::string_view name, GridMethod& method) {
  method.baseline = baseline::find_baseline(name);
  method.search = std::find(std::begin(kSearches), std::end(kSearches), name) != std::end(kSearches);
  if (!method.chooses()) return false;
  method.scorer = method.search ? "fisher" : method.baseline->scorer;
  method.loss = method.search ? "logit-norm" : method.baseline->loss;
  take_scorer(score::find_method(method.scorer), method);
  method.reads_data = true;  // if not to score, then to fit
  if (method.baseline != nullptr) method.additive = method.baseline->joint;
  return true;
}

}  // namespace

std::vector<std::string> with_groups(const std::vector<std::string>& methods) {
  std::vector<std::string> all;
  const auto add = [&](std::string_view name) {
    if (std::find(all.begin(), all.end(), name) == all.end()) all.emplace_back(name);
  };
  const auto add_baselines = [&] {
    for (const std::string_view name : {"wanda-head", "minitron", "taylor", "llm-pruner-block"}) add(name);
    for (const baseline::Baseline& known : baseline::baselines()) add(known.name);
  };
  const auto add_paper = [&] {
    for (const std::string_view name : {"random", "ad", "his", "hies", "l2", "l2-out", "l2-out+ae"}) add(name);
    for (const std::string_view name : {"llm-pruner-channel", "llm-pruner-block", "slicegpt"})
      if (name == "llm-pruner-block" || baseline::find_baseline(name) != nullptr) add(name);
  };
  for (const std::string& name : methods) {
    if (name == "paper") add_paper();
    else if (name == "baselines") add_baselines();
    else if (name == "all") {
      add_paper();
      for (const score::Method& known : score::methods()) add(known.name);
      add_baselines();
      for (const std::string_view search : kSearches) add(search);
    } else {
      all.push_back(name);
    }
  }
  return all;
}

GridMethod parse_method(std::string_view text) {
  GridMethod method;
  method.uniform = text.ends_with(kUniform);
  if (method.uniform) text.remove_suffix(kUniform.size());
  method.name = text;
  method.scorer = text == kLogit ? "hies" : text;
  if (text == kLogit) method.loss = "logit-norm";
  if (take_chooser(text, method)) {
    if (method.uniform)
      throw Error(ErrorKind::bad_input, fmt::format("method {} chooses what each layer loses: it has no /uniform", text),
                  fmt::format("give {}", text));
    return method;
  }
  std::vector<std::string> names;
  for (const score::Method& known : score::methods()) {
    names.emplace_back(known.name);
    if (known.name != method.scorer) continue;
    take_scorer(known, method);
    return method;
  }
  names.emplace_back(kLogit);
  for (const baseline::Baseline& known : baseline::baselines()) names.emplace_back(known.name);
  names.insert(names.end(), std::begin(kSearches), std::end(kSearches));
  throw Error(ErrorKind::bad_input, fmt::format("unknown method '{}'", printable(text)),
              known_names_hint(text, names) + "; each also as NAME/uniform");
}

void check_loss(std::string_view name) {
  if (name != "task") score::find_objective(name);
}

std::vector<std::string> grid_losses(const SweepOptions& options, const data::Task& task) {
  std::vector<std::string> losses;
  for (const std::string& name : options.losses) {
    losses.push_back(name == "task" ? task.loss : name);
    if (std::count(losses.begin(), losses.end(), losses.back()) > 1)
      bad_input("losses: {} is there twice, 'task' being the loss of {}", losses.back(), task.name);
  }
  return losses;
}

std::vector<std::string> scored_losses(const SweepOptions& options, const data::Task& task) {
  std::vector<std::string> losses = grid_losses(options, task);
  for (const std::string& name : options.methods) {
    const GridMethod method = parse_method(name);
    if (!method.loss.empty() && std::find(losses.begin(), losses.end(), method.loss) == losses.end())
      losses.push_back(method.loss);
  }
  return losses;
}

std::vector<std::int64_t> scored_sizes(const SweepOptions& options) {
  std::vector<std::int64_t> sizes = {options.examples};
  for (const std::int64_t size : options.calibration_sizes)
    if (size != options.examples) sizes.push_back(size);
  return sizes;
}

double usual_alpha(const SweepOptions& options) {
  const double wanted = score::MethodOptions().alpha;
  return *std::min_element(options.alphas.begin(), options.alphas.end(),
                           [&](double a, double b) { return std::abs(a - wanted) < std::abs(b - wanted); });
}

std::vector<Cell> grid(const SweepOptions& options, const data::Task& task) {
  const std::vector<std::string> losses = grid_losses(options, task);
  std::vector<Cell> cells;
  for (const std::string& name : options.methods)
    for (const std::string& sites : parse_sites(options.sites))
      Builder(options, losses, parse_method(name), sites, cells).build();
  return cells;
}

}  // namespace hies::sweep
