#include "hies/eval/layer_shapes.h"

#include <algorithm>
#include <tuple>

#include "hies/model/tensors.h"

namespace hies::eval {
namespace {

// What of a layer, besides the number of its units, decides how long it takes.
auto shape_of(const model::ModelSpec& spec, int layer) {
  const model::LayerSpec& own = spec.layer(layer);
  const model::SiteLayout& heads = spec.layout.attention(layer);
  const bool some_rows = spec.head.pooling != model::Pooling::targets && spec.head.pooling != model::Pooling::first_and_mean;
  const int group = heads.kv_count() == 0 ? 0 : heads.count() / heads.kv_count();
  return std::tuple(some_rows && layer + 1 == spec.layer_count(), heads.unit_size, heads.grouped() ? group : 1,
                    own.attention.window, own.attention.query_norm.has_value(), own.ffn.gate.has_value(), own.ffn.activation);
}

}  // namespace

std::vector<LayerClass> layer_classes(const model::ModelSpec& spec) {
  std::vector<LayerClass> classes;
  for (int layer = 0; layer < spec.layer_count(); ++layer) {
    const auto same = std::find_if(classes.begin(), classes.end(), [&](const LayerClass& other) {
      return shape_of(spec, other.layers.front()) == shape_of(spec, layer);
    });
    if (same == classes.end()) {
      classes.push_back({{layer}, layer, layer});
      continue;
    }
    same->layers.push_back(layer);
    if (spec.layout.attention(layer).count() > spec.layout.attention(same->largest_heads).count()) same->largest_heads = layer;
    if (spec.layout.ffn(layer).count() > spec.layout.ffn(same->largest_ffn).count()) same->largest_ffn = layer;
  }
  return classes;
}

std::vector<std::int64_t> measured_counts(const model::SiteLayout& site, model::SiteKind kind, std::int64_t steps) {
  const std::int64_t most = site.count();
  std::int64_t multiple = 1;
  if (kind == model::SiteKind::ffn) multiple = most >= 512 ? 64 : 1;
  else if (site.grouped() && site.kv_count() > 0) multiple = most / site.kv_count();
  std::vector<std::int64_t> counts = {0};
  for (std::int64_t step = 1; step <= steps; ++step) {
    const std::int64_t count = step == steps ? most : most * step / steps / multiple * multiple;
    if (count > counts.back()) counts.push_back(count);
  }
  return counts;
}

model::SiteLayout first_units(const model::SiteLayout& site, std::int64_t count) {
  return site.without({site.units.begin() + static_cast<std::ptrdiff_t>(count), site.units.end()});
}

model::ModelSpec with_layers(const model::ModelSpec& spec, const std::vector<int>& layers) {
  model::ModelSpec some = spec;
  some.layers.clear();
  some.layout = {};
  for (std::size_t i = 0; i < layers.size(); ++i) {
    some.layers.push_back(spec.layer(layers[i]));
    const int place = static_cast<int>(i);
    some.layout[model::attention_site(place)] = spec.layout.attention(layers[i]);
    some.layout[model::ffn_site(place)] = spec.layout.ffn(layers[i]);
  }
  return some;
}

std::int64_t layer_elements(const model::ModelSpec& spec, int layer) {
  std::int64_t elements = 0;
  for (const model::TensorDecl& decl : model::tensors(spec))
    if (decl.layer == layer) elements += decl.elements();
  return elements;
}

}  // namespace hies::eval
