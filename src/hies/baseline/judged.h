#pragma once

#include <memory>
#include <vector>

#include "hies/baseline/baseline.h"
#include "hies/score/objectives/objectives.h"

namespace hies::baseline {

// The rows of a job whose gradients are taken, with the right answers of questions alone, and the loss that they are judged by.
class Judged {
 public:
  explicit Judged(const Work& work)
      : rows(data::right_answers_only(work.scored)),
        kind(work.score.loss.empty() ? score::default_objective(work.model.spec()) : score::find_objective(work.score.loss)),
        work_(work) {
    if (rows.has_labels)
      for (const data::Example& example : rows.examples) labels_.push_back(example.label);
  }

  // Returns the loss; of one that is drawn, with the answers of this draw.
  std::unique_ptr<model::Objective> objective(std::int64_t draw = 0) const {
    return score::make_objective(kind.name, work_.model.spec(), labels_, {work_.score.draw_seed, draw});
  }

  const data::Dataset rows;
  const score::ObjectiveKind& kind;

 private:
  const Work& work_;
  std::vector<double> labels_;
};

}  // namespace hies::baseline
