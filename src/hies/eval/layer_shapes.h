#pragma once

#include <cstdint>
#include <vector>

#include "hies/model/spec.h"

namespace hies::eval {

// Layers that compute alike but for how many units they have.
struct LayerClass {
  std::vector<int> layers;  // of the model
  int largest_heads = 0;    // the layer with the most heads
  int largest_ffn = 0;      // the layer with the most neurons
};

// Returns the classes of a model's layers. Its last layer is one of its own where the task head reads only some rows.
std::vector<LayerClass> layer_classes(const model::ModelSpec& spec);

// Returns the numbers of units to measure, ascending from 0 to all of the site: `steps` beside none, heads by whole KV groups, neurons
// by multiples of 64 where there are many.
std::vector<std::int64_t> measured_counts(const model::SiteLayout& site, model::SiteKind kind, std::int64_t steps);

// Returns the first `count` units of the site, with the KV heads that they read.
model::SiteLayout first_units(const model::SiteLayout& site, std::int64_t count);

// Returns the model with these of its layers alone.
model::ModelSpec with_layers(const model::ModelSpec& spec, const std::vector<int>& layers);

// Returns the numbers of all matrices of a layer.
std::int64_t layer_elements(const model::ModelSpec& spec, int layer);

}  // namespace hies::eval
