#include "hies/score/example_statistics.h"

#include <algorithm>

#include "hies/base/error.h"

namespace hies::score {
namespace {

using RecordedLayer = model::Recorder::Layer;

// Copies row `from` of a table of `width` columns to row `to` of another.
template <class T>
void copy_row(const std::vector<T>& source, std::size_t from, std::vector<T>& target, std::size_t to, std::size_t width) {
  std::copy_n(source.begin() + static_cast<std::ptrdiff_t>(from * width), width,
              target.begin() + static_cast<std::ptrdiff_t>(to * width));
}

std::size_t heads_of(const model::Layout& layout, std::size_t layer) {
  return layout.attention(static_cast<int>(layer)).units.size();
}

std::size_t neurons_of(const model::Layout& layout, std::size_t layer) {
  return layout.ffn(static_cast<int>(layer)).units.size();
}

void add_to(std::vector<double>& sums, const std::vector<double>& more) {
  check(sums.size() == more.size(), "sums of another number of neurons");
  for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += more[i];
}

}  // namespace

ExampleStatistics::ExampleStatistics(const model::Layout& layout, std::int64_t examples, const model::Recorder& wanted,
                                     bool with_losses, std::int64_t draws)
    : tokens(static_cast<std::size_t>(examples * draws)),
      losses(with_losses ? tokens.size() : 0),
      layers(static_cast<std::size_t>(layout.layer_count())),
      draws_(draws) {
  for (std::size_t layer = 0; layer < layers.size(); ++layer) {
    const std::size_t size = tokens.size() * heads_of(layout, layer);
    if (wanted.want_inner) layers[layer].inner.resize(size);
    if (wanted.want_inner) layers[layer].inner_abs.resize(size);
    if (wanted.want_entropy) layers[layer].entropy.resize(size);
    if (wanted.want_entropy) layers[layer].entropy_queries.resize(tokens.size());
    if (wanted.want_out_sq) layers[layer].out_sq.resize(size);
    if (wanted.want_neurons) layers[layer].neuron_abs.resize(neurons_of(layout, layer));
    if (wanted.want_neurons) layers[layer].neuron_sq.resize(neurons_of(layout, layer));
  }
}

void ExampleStatistics::add(const model::Layout& layout, const model::Batch& batch, const model::RunResult& result,
                            const model::Recorder& recorder, std::int64_t draw) {
  for (std::size_t layer = 0; recorder.want_neurons && layer < layers.size(); ++layer) {
    if (layers[layer].neuron_sq.empty()) continue;
    add_to(layers[layer].neuron_abs, recorder.layers[layer].neuron_abs);
    add_to(layers[layer].neuron_sq, recorder.layers[layer].neuron_sq);
  }
  for (std::size_t b = 0; b < batch.examples.size(); ++b) {
    const auto example = static_cast<std::size_t>(batch.examples[b] * draws_ + draw);
    check(example < tokens.size(), "an example outside the data set");
    tokens[example] = batch.length(static_cast<std::int64_t>(b));
    if (!losses.empty()) losses[example] = result.losses[b];
    for (std::size_t layer = 0; layer < layers.size(); ++layer) {
      const RecordedLayer& from = recorder.layers[layer];
      RecordedLayer& to = layers[layer];
      const std::size_t heads = heads_of(layout, layer);
      if (recorder.want_inner) copy_row(from.inner, b, to.inner, example, heads);
      if (recorder.want_inner) copy_row(from.inner_abs, b, to.inner_abs, example, heads);
      if (recorder.want_entropy) copy_row(from.entropy, b, to.entropy, example, heads);
      if (recorder.want_entropy) copy_row(from.entropy_queries, b, to.entropy_queries, example, 1);
      if (recorder.want_out_sq) copy_row(from.out_sq, b, to.out_sq, example, heads);
    }
  }
}

}  // namespace hies::score
