#include "hies/eval/label_order.h"

#include <algorithm>

namespace hies::eval {

Predictions in_label_order(Predictions predictions, const std::vector<std::string>& theirs,
                           const std::vector<std::string>& mine) {
  if (theirs == mine || !std::is_permutation(theirs.begin(), theirs.end(), mine.begin(), mine.end())) return predictions;
  std::vector<std::size_t> my_id;
  my_id.reserve(theirs.size());
  for (const std::string& name : theirs)
    my_id.push_back(static_cast<std::size_t>(std::find(mine.begin(), mine.end(), name) - mine.begin()));
  const std::vector<double> before = predictions.logits;
  for (std::size_t i = 0; i < before.size(); ++i) {
    const std::size_t row = i / mine.size() * mine.size();
    predictions.logits[row + my_id[i - row]] = before[i];
  }
  for (double& answer : predictions.answers) answer = static_cast<double>(my_id[static_cast<std::size_t>(answer)]);
  return predictions;
}

}  // namespace hies::eval
