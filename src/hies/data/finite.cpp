#include "hies/data/finite.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>

#include "hies/base/error.h"

namespace hies::data {
namespace {

// A number that is not finite, and the sequence that it belongs to.
struct Strange {
  double value;
  std::size_t sequence;
  bool loss = false;  // of an answer that is finite
};

std::optional<Strange> find_strange(const model::Batch& batch, const model::RunResult& result) {
  const auto look = [](const std::vector<double>& values) {
    return std::find_if(values.begin(), values.end(), [](double value) { return !std::isfinite(value); });
  };
  if (const auto at = look(result.logits); at != result.logits.end())
    return Strange{*at, static_cast<std::size_t>(at - result.logits.begin()) / static_cast<std::size_t>(result.classes)};
  if (const auto at = look(result.log_probabilities); at != result.log_probabilities.end()) {
    const std::int64_t row = batch.target_rows[static_cast<std::size_t>(at - result.log_probabilities.begin())];
    const auto behind = std::upper_bound(batch.offsets.begin(), batch.offsets.end(), row);
    return Strange{*at, static_cast<std::size_t>(behind - batch.offsets.begin()) - 1};
  }
  const auto at = look(result.losses);
  if (at == result.losses.end()) return std::nullopt;
  return Strange{*at, static_cast<std::size_t>(at - result.losses.begin()), true};
}

// NaN has a sign that says nothing.
std::string written(double value) { return std::isnan(value) ? "nan" : fmt::format("{}", value); }

std::string origin(int layer, int layers) {
  if (layer < 0) return "its embeddings are not finite";
  if (layer >= layers) return "its layers are finite, its logits are not";
  return fmt::format("the first layer that is not finite is layer {}", layer);
}

}  // namespace

void check_finite(const engine::Model& model, const model::Batch& batch, const model::Gates* gates,
                  const model::RunResult& result, const Dataset& dataset) {
  const auto strange = find_strange(batch, result);
  if (!strange) return;
  constexpr std::string_view kHint = "the model's numbers overflow: try `dtype` float32, or `device` cpu `dtype` float64";
  const auto example = static_cast<std::size_t>(batch.examples[strange->sequence]);
  const std::string file = dataset.source.string();
  const std::int64_t row = dataset.examples[example].row;
  if (strange->loss)
    throw Error(ErrorKind::bad_input,
                fmt::format("{}: the loss of row {} is {}; its answer is finite", file, row, written(strange->value)),
                std::string(kHint));
  throw Error(ErrorKind::bad_input,
              fmt::format("{}: the model answers row {} with {}; {}", file, row, written(strange->value),
                          origin(model.first_not_finite(batch, gates), model.spec().layer_count())),
              std::string(kHint));
}

}  // namespace hies::data
