#include "hies/data/finite.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include "hies/base/error.h"

namespace hies::data {
namespace {

// A number that is not finite, and the sequence that it belongs to.
struct Strange {
  double value;
  std::size_t sequence;
};

std::optional<Strange> find_strange(const model::Batch& batch, const model::RunResult& result) {
  const auto look = [](const std::vector<double>& values) {
    return std::find_if(values.begin(), values.end(), [](double value) { return !std::isfinite(value); });
  };
  if (const auto at = look(result.logits); at != result.logits.end())
    return Strange{*at, static_cast<std::size_t>(at - result.logits.begin()) / static_cast<std::size_t>(result.classes)};
  if (const auto at = look(result.losses); at != result.losses.end())
    return Strange{*at, static_cast<std::size_t>(at - result.losses.begin())};
  const auto at = look(result.log_probabilities);
  if (at == result.log_probabilities.end()) return std::nullopt;
  const std::int64_t row = batch.target_rows[static_cast<std::size_t>(at - result.log_probabilities.begin())];
  const auto behind = std::upper_bound(batch.offsets.begin(), batch.offsets.end(), row);
  return Strange{*at, static_cast<std::size_t>(behind - batch.offsets.begin()) - 1};
}

std::string origin(int layer, int layers) {
  if (layer < 0) return "its embeddings are not finite";
  if (layer >= layers) return "its layers are finite, its logits are not";
  return fmt::format("the first layer that is not finite is layer {}", layer);
}

}  // namespace

void check_finite(const model::Model& model, const model::Batch& batch, const model::HeadGates* gates,
                  const model::RunResult& result, const Dataset& dataset) {
  const auto strange = find_strange(batch, result);
  if (!strange) return;
  const auto example = static_cast<std::size_t>(batch.examples[strange->sequence]);
  throw Error(ErrorKind::bad_input,
              fmt::format("{}: the model answers row {} with {}; {}", dataset.source.string(), dataset.examples[example].row,
                          strange->value, origin(model.first_not_finite(batch, gates), model.spec().layer_count())),
              "the model's numbers overflow: try --dtype float64, or look at its weights with `hies inspect`");
}

}  // namespace hies::data
