#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "hies/base/json.h"
#include "hies/eval/many_masks.h"
#include "hies/sweep/planner.h"

namespace hies::sweep {

// The alpha and the loss that were chosen for one method on held-out rows (`alpha` auto, `loss` auto), and the candidates.
struct HyperparameterChoice {
  struct Candidate {
    std::optional<std::string> loss;
    std::optional<double> alpha;
    double wauc = 0;
  };
  std::string method;                                 // with "/uniform"
  std::string sites = "attention", budget = "ratio";  // as records have them
  bool chose_alpha = false, chose_loss = false;
  Candidate chosen;
  std::vector<Candidate> candidates;  // in the grid's order
};

// Evaluates the grid's cells on the held-out rows, and sets alpha and loss of the cells that wait for it: the best mean over the
// seeds of weighted_auc() of the task's primary metric, as a higher-is-better value. Of equals the alpha nearest to usual_alpha()
// wins, then the first of the grid. A loss that is chosen while alpha is not has the best mean over all alphas. Qualities are
// kept in DIR/heldout.jsonl, so that a resumed sweep does not evaluate them again. The evaluation data is not used.
class HyperparameterChooser {
 public:
  HyperparameterChooser(const RunInputs& data, const SweepOptions& options, const Planner& planner, const engine::Model& model,
                        const std::filesystem::path& folder);
  // Returns the choices and sets alpha and loss of `cells`. `stats` gets the work of all masks, including those of earlier
  // processes.
  std::vector<HyperparameterChoice> choose(std::vector<Cell>& cells, eval::MaskStats& stats, Progress& progress);

 private:
  void evaluate(const std::vector<Cell>& cells, eval::MaskStats& stats, Progress& progress);
  double quality(const Cell& cell) const;
  double wauc(const std::vector<Cell>& cells) const;
  HyperparameterChoice choose_for(const Cell& waiting, const std::vector<Cell>& cells) const;

  const RunInputs& data_;
  const SweepOptions& options_;
  const Planner& planner_;
  const engine::Model& model_;
  std::filesystem::path folder_;
  std::map<std::string, double> quality_;  // by mask; higher is better
};

// Returns the choice as summary.json holds it.
Json choice_json(const HyperparameterChoice& choice);

}  // namespace hies::sweep
