#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hies/baseline/baseline.h"
#include "hies/data/task.h"
#include "hies/sweep/options.h"

namespace hies::sweep {

// One entry of SweepOptions::methods.
struct GridMethod {
  std::string name;      // as records have it, without "/uniform"
  bool uniform = false;  // the same share of every layer
  std::string scorer;    // name in score/methods
  std::string loss;      // the only loss that it is for; empty: each of the sweep's
  bool takes_alpha = false;
  bool drawn = false;       // random
  bool additive = false;    // its scores compare heads with neurons
  bool reads_loss = false;  // ranks by a gradient
  bool reads_data = false;  // ranks by statistics of calibration examples
  const baseline::Baseline* baseline =
      nullptr;          // not null: a method of another paper that chooses units and changes what is kept
  bool search = false;  // greedy, evolve

  // Returns whether units are chosen with the model at hand (ChosenPlans).
  bool chooses() const { return baseline != nullptr || search; }
};

// Returns the method of a text: "his", "his/uniform", "hies-logit", "kwon", "greedy". Throws bad_input for an unknown name, with the nearest.
GridMethod parse_method(std::string_view text);
// Returns the methods with groups in the place of their names: `paper`, what the HIES paper compares; `baselines`, the methods of other
// papers; `all`, every one.
std::vector<std::string> with_groups(const std::vector<std::string>& methods);

// Throws bad_input unless the name is "task" or one of score/objectives.
void check_loss(std::string_view name);

// Returns the losses of a run, with the task's own name in the place of "task". Throws bad_input when one is then there twice.
std::vector<std::string> grid_losses(const SweepOptions& options, const data::Task& task);

// Returns all losses that heads are scored with: those of the grid and those of the methods.
std::vector<std::string> scored_losses(const SweepOptions& options, const data::Task& task);

// Returns the numbers of calibration examples that heads are scored with, SweepOptions::examples first.
std::vector<std::int64_t> scored_sizes(const SweepOptions& options);

// Returns the alpha of parts of a sweep that have only one: the grid's nearest to the default of score::MethodOptions.
double usual_alpha(const SweepOptions& options);

// Returns "his/uniform": the name as `methods` has it.
std::string spelled(const GridMethod& method);

// Returns the entries of SweepOptions::sites, "attention/ffn/attention,ffn", each with its sites in the order of a layer. Throws
// bad_input for another name and for an entry that is there twice.
std::vector<std::string> parse_sites(std::string_view text);
// Returns the sites whose units are scored, as score::ScoreOptions::sites has them: those of all entries and, for the tables of HIS
// and AE, attention.
std::string scored_sites(const SweepOptions& options);

// A kind of budget: a field of prune::BudgetOptions, and the shares to remove.
struct GridBudget {
  std::string_view name;     // as records have it
  std::string_view options;  // the field of SweepOptions
  const std::vector<double>& shares;
};
// Returns the kinds that the options have shares for.
std::vector<GridBudget> grid_budgets(const SweepOptions& options);

// Returns why the method has no cells with these sites and this kind of budget; empty: it has.
std::string no_cells_because(const GridMethod& method, std::string_view sites, std::string_view budget);
// Returns one sentence for each method and sites of the grid that have no cells. Throws bad_input for a method, sites or a budget that
// has none at all.
std::vector<std::string> left_out(const SweepOptions& options);

// One pruned model of the grid: the input of a record.
struct Cell {
  GridMethod method;
  std::optional<double> alpha;  // not set: the method has none, or it is to be chosen
  bool choose_alpha = false;
  std::optional<std::string> loss;  // not set: the method has none, or it is to be chosen
  bool choose_loss = false;
  std::optional<std::int64_t> seed;      // of the calibration set or of random; not set where nothing is drawn
  std::optional<std::int64_t> examples;  // of the calibration set; not set where there is none
  std::string sites = "attention";
  std::string budget = "ratio";  // GridBudget::name
  double ratio = 0;
  std::string refit = "none";

  bool refits() const { return refit != "none"; }
  // Returns whether the cell's model is more than a mask.
  bool changes_weights() const { return refits() || method.baseline != nullptr; }
};

// Returns the budget of a plan for the cell.
prune::BudgetOptions cell_budget(const SweepOptions& options, const Cell& cell);

// Returns all cells of a run but the unpruned model, in the order of the options: method, sites, loss, examples, seed,
// alpha, budget, ratio, refit.
// `options` are resolved. With other numbers of calibration examples than SweepOptions::examples there is one alpha: the chosen
// one, else usual_alpha().
std::vector<Cell> grid(const SweepOptions& options, const data::Task& task);

}  // namespace hies::sweep
