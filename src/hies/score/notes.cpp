#include "hies/score/notes.h"

#include <algorithm>
#include <cmath>

#include "hies/base/error.h"

namespace hies::score {
namespace {

using model::HeadLayout;
using model::HeadTable;
using ProbeLayer = model::AttentionProbe::Layer;

// Copies row `from` of a table of `width` columns to row `to` of another.
template <class T>
void copy_row(const std::vector<T>& source, std::size_t from, std::vector<T>& target, std::size_t to, std::size_t width) {
  std::copy_n(source.begin() + static_cast<std::ptrdiff_t>(from * width), width,
              target.begin() + static_cast<std::ptrdiff_t>(to * width));
}

// Mean over examples of value(notes of the layer, example, index of (example, head)).
template <class Value>
HeadTable<double> mean_over_examples(const HeadLayout& layout, const Notes& notes, const Value& value) {
  HeadTable<double> table = model::make_head_table<double>(layout);
  const auto examples = static_cast<std::size_t>(notes.size());
  check(examples > 0, "scores of no examples");
  for (std::size_t layer = 0; layer < layout.size(); ++layer) {
    const std::size_t heads = layout[layer].heads.size();
    for (std::size_t example = 0; example < examples; ++example)
      for (std::size_t head = 0; head < heads; ++head)
        table[layer][head] += value(notes.layers[layer], example, example * heads + head);
    for (double& sum : table[layer]) sum /= static_cast<double>(examples);
  }
  return table;
}

HeadTable<double> batch_importance(const HeadLayout& layout, const Notes& notes, std::size_t batch_examples) {
  HeadTable<double> table = model::make_head_table<double>(layout);
  const auto examples = static_cast<std::size_t>(notes.size());
  for (std::size_t layer = 0; layer < layout.size(); ++layer) {
    const std::size_t heads = layout[layer].heads.size();
    std::size_t groups = 0;
    for (std::size_t begin = 0; begin < examples; begin += batch_examples, ++groups) {
      const std::size_t end = std::min(examples, begin + batch_examples);
      for (std::size_t head = 0; head < heads; ++head) {
        double sum = 0;
        for (std::size_t example = begin; example < end; ++example)
          sum += notes.layers[layer].inner[example * heads + head] / static_cast<double>(notes.tokens[example]);
        table[layer][head] += std::abs(sum) / static_cast<double>(end - begin);
      }
    }
    for (double& sum : table[layer]) sum /= static_cast<double>(groups);
  }
  return table;
}

}  // namespace

Notes::Notes(const HeadLayout& layout, std::int64_t examples, const model::AttentionProbe& wanted, bool with_losses)
    : tokens(static_cast<std::size_t>(examples)), losses(with_losses ? tokens.size() : 0), layers(layout.size()) {
  for (std::size_t layer = 0; layer < layout.size(); ++layer) {
    const std::size_t size = tokens.size() * layout[layer].heads.size();
    if (wanted.want_inner) layers[layer].inner.resize(size);
    if (wanted.want_inner) layers[layer].inner_abs.resize(size);
    if (wanted.want_entropy) layers[layer].entropy.resize(size);
    if (wanted.want_entropy) layers[layer].entropy_queries.resize(tokens.size());
    if (wanted.want_out_sq) layers[layer].out_sq.resize(size);
  }
}

void Notes::add(const HeadLayout& layout, const model::Batch& batch, const model::RunResult& result,
                const model::AttentionProbe& probe) {
  for (std::size_t b = 0; b < batch.examples.size(); ++b) {
    const auto example = static_cast<std::size_t>(batch.examples[b]);
    check(example < tokens.size(), "an example outside the data set");
    tokens[example] = batch.length(static_cast<std::int64_t>(b));
    if (!losses.empty()) losses[example] = result.losses[b];
    for (std::size_t layer = 0; layer < layers.size(); ++layer) {
      const ProbeLayer& from = probe.layers[layer];
      ProbeLayer& to = layers[layer];
      const std::size_t heads = layout[layer].heads.size();
      if (probe.want_inner) copy_row(from.inner, b, to.inner, example, heads);
      if (probe.want_inner) copy_row(from.inner_abs, b, to.inner_abs, example, heads);
      if (probe.want_entropy) copy_row(from.entropy, b, to.entropy, example, heads);
      if (probe.want_entropy) copy_row(from.entropy_queries, b, to.entropy_queries, example, 1);
      if (probe.want_out_sq) copy_row(from.out_sq, b, to.out_sq, example, heads);
    }
  }
}

HeadTable<double> importance(const HeadLayout& layout, const Notes& notes, Granularity granularity, std::int64_t batch_examples) {
  const auto length = [&](std::size_t example) { return static_cast<double>(notes.tokens[example]); };
  switch (granularity) {
    case Granularity::example:
      return mean_over_examples(layout, notes, [&](const ProbeLayer& layer, std::size_t example, std::size_t i) {
        return std::abs(layer.inner[i]) / length(example);
      });
    case Granularity::token:
      return mean_over_examples(layout, notes, [&](const ProbeLayer& layer, std::size_t example, std::size_t i) {
        return layer.inner_abs[i] / length(example);
      });
    case Granularity::batch: break;
  }
  return batch_importance(layout, notes, static_cast<std::size_t>(batch_examples));
}

HeadTable<double> entropy(const HeadLayout& layout, const Notes& notes) {
  HeadTable<double> table = model::make_head_table<double>(layout);
  for (std::size_t layer = 0; layer < layout.size(); ++layer) {
    const ProbeLayer& noted = notes.layers[layer];
    const std::size_t heads = layout[layer].heads.size();
    if (heads == 0) continue;
    std::int64_t examples = 0;
    for (std::size_t example = 0; example < noted.entropy_queries.size(); ++example) {
      const std::int64_t queries = noted.entropy_queries[example];
      if (queries == 0) continue;
      ++examples;
      for (std::size_t head = 0; head < heads; ++head)
        table[layer][head] += noted.entropy[example * heads + head] / static_cast<double>(queries);
    }
    if (examples == 0)
      throw Error(ErrorKind::bad_input, "attention entropy needs an example of at least two tokens, but there is none",
                  "leave ae out of `tables`, or give longer texts");
    for (double& sum : table[layer]) sum /= static_cast<double>(examples);
  }
  return table;
}

HeadTable<double> output_norm(const HeadLayout& layout, const Notes& notes) {
  return mean_over_examples(layout, notes, [&](const ProbeLayer& layer, std::size_t example, std::size_t i) {
    return std::sqrt(layer.out_sq[i] / static_cast<double>(notes.tokens[example]));
  });
}

HeadTable<double> gate_gradient(const HeadLayout& layout, const Notes& notes) {
  return mean_over_examples(layout, notes,
                            [](const ProbeLayer& layer, std::size_t, std::size_t i) { return std::abs(layer.inner[i]); });
}

HeadTable<double> output_squares(const HeadLayout& layout, const Notes& notes) {
  return mean_over_examples(layout, notes, [](const ProbeLayer& layer, std::size_t, std::size_t i) { return layer.out_sq[i]; });
}

}  // namespace hies::score
