#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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
  bool reads_loss = false;  // ranks by a gradient
  bool reads_data = false;  // ranks by statistics of calibration examples
};

// Returns the method of a text: "his", "his/uniform", "hies-logit". Throws bad_input for an unknown name, with the nearest.
GridMethod parse_method(std::string_view text);

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

// One pruned model of the grid: the input of a record.
struct Cell {
  GridMethod method;
  std::optional<double> alpha;  // not set: the method has none, or it is to be chosen
  bool choose_alpha = false;
  std::optional<std::string> loss;  // not set: the method has none, or it is to be chosen
  bool choose_loss = false;
  std::optional<std::int64_t> seed;      // of the calibration set or of random; not set where nothing is drawn
  std::optional<std::int64_t> examples;  // of the calibration set; not set where there is none
  double ratio = 0;
};

// Returns all cells of a run but the unpruned model, in the order of the options: method, loss, examples, seed, alpha, ratio.
// `options` are resolved. With other numbers of calibration examples than SweepOptions::examples there is one alpha: the chosen
// one, else usual_alpha().
std::vector<Cell> grid(const SweepOptions& options, const data::Task& task);

}  // namespace hies::sweep
