#include "hies/eval/label_order.h"

#include <algorithm>

namespace hies::eval {
namespace {

// The same names in any order, each once: with two of one name nobody can tell which is which.
bool are_the_same_classes(std::vector<std::string> a, std::vector<std::string> b) {
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  return a == b && std::adjacent_find(a.begin(), a.end()) == a.end();
}

}  // namespace

Predictions in_label_order(Predictions predictions, const std::vector<std::string>& theirs,
                           const std::vector<std::string>& mine) {
  if (theirs == mine || !are_the_same_classes(theirs, mine)) return predictions;
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
