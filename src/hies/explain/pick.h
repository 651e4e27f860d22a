#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hies/data/dataset.h"
#include "hies/eval/predict.h"

namespace hies::explain {

// Which examples of a data set are explained: "flipped" (the plan changes the answer), "wrong" (the model's answer is not the
// label), or lines of the file, as predictions.tsv has them: "17" or "17,23".
struct Pick {
  enum class Kind { flipped, wrong, rows } kind = Kind::flipped;
  std::vector<std::int64_t> rows;
};

// Returns the parsed value of `pick`. Throws bad_input for anything else.
Pick parse_pick(std::string_view text);

// Returns indices into the data set: at most `most`, in its order; for rows in the order of `pick`. `after` are the answers of
// the pruned model, null without plan. Answers further apart than `tolerance` differ. Throws bad_input for flipped without plan,
// wrong without labels, a row that does not exist, when no example is found, and for windows of texts, which have no answer.
std::vector<std::size_t> picked(const Pick& pick, const data::Dataset& dataset, const eval::Predictions& before,
                                const eval::Predictions* after, double tolerance, std::int64_t most);

}  // namespace hies::explain
