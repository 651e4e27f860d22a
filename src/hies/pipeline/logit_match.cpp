#include "hies/pipeline/logit_match.h"

#include <algorithm>
#include <cmath>

#include "hies/base/error.h"

namespace hies::pipeline {

LogitMatch match_logits(const eval::Predictions& got, const eval::Predictions& wanted) {
  check(got.logits.size() == wanted.logits.size() && got.answers.size() == wanted.answers.size() &&
            got.log_likelihoods.size() == wanted.log_likelihoods.size() && got.top_tokens.size() == wanted.top_tokens.size(),
        "both models answer the same examples with the same labels");
  LogitMatch match;
  match.examples = static_cast<std::int64_t>(wanted.answers.size());
  if (!wanted.log_likelihoods.empty()) match.compared = "log-likelihoods";
  const auto compare = [&match](const std::vector<double>& mine, const std::vector<double>& theirs) {
    for (std::size_t i = 0; i < theirs.size(); ++i) {
      match.largest_difference = std::max(match.largest_difference, std::abs(mine[i] - theirs[i]));
      match.largest_logit = std::max(match.largest_logit, std::abs(theirs[i]));
    }
  };
  compare(got.logits, wanted.logits);
  compare(got.log_likelihoods, wanted.log_likelihoods);
  for (std::size_t i = 0; i < wanted.answers.size(); ++i) match.different_answers += got.answers[i] != wanted.answers[i];
  for (std::size_t i = 0; i < wanted.top_tokens.size(); ++i) match.different_answers += got.top_tokens[i] != wanted.top_tokens[i];
  return match;
}

LogitMatch match_pruned(const engine::Model& pruned, const engine::Model& whole, const prune::Plan& plan,
                        const data::Dataset& dataset, std::int64_t batch_tokens, Progress& progress) {
  const model::Gates gates = prune::gates(plan, whole.spec().layout);
  LogitMatch match = match_logits(eval::predict(pruned, dataset, nullptr, nullptr, batch_tokens, progress),
                                  eval::predict(whole, dataset, &gates, nullptr, batch_tokens, progress));
  if (whole.spec().problem == model::Problem::hidden_states) match.compared = "hidden states";
  return match;
}

}  // namespace hies::pipeline
