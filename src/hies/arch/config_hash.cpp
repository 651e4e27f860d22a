#include "hies/arch/config_hash.h"

#include <type_traits>

#include <fmt/format.h>

#include "hies/base/hash.h"
#include "hies/model/unit_set.h"

namespace hies::arch {
namespace {

// Collects lines "name value". A member that is added later has to be left out where it has its default, so that hashes in files
// stay valid.
class Facts {
 public:
  template <class T>
  void add(std::string_view name, const T& value) {
    if constexpr (std::is_enum_v<T>) text_ += fmt::format("{} {}\n", name, static_cast<int>(value));
    else text_ += fmt::format("{} {}\n", name, value);
  }
  std::string hash() const { return Hasher().update(text_).hex(); }

 private:
  std::string text_;
};

void add_norm(Facts& facts, std::string_view name, const model::NormSpec& norm) {
  facts.add(fmt::format("{}.kind", name), norm.kind);
  facts.add(fmt::format("{}.epsilon", name), norm.epsilon);
}

void add_rope(Facts& facts, const model::Rope& rope) {
  facts.add("rope.kind", rope.kind);
  if (rope.kind == model::RopeKind::none) return;
  facts.add("rope.theta", rope.theta);
  facts.add("rope.factor", rope.factor);
  facts.add("rope.original_positions", rope.original_positions);
  facts.add("rope.low_freq_factor", rope.low_freq_factor);
  facts.add("rope.high_freq_factor", rope.high_freq_factor);
  facts.add("rope.beta_fast", rope.beta_fast);
  facts.add("rope.beta_slow", rope.beta_slow);
  facts.add("rope.truncate", rope.truncate);
  facts.add("rope.attention_factor", rope.attention_factor);
}

void add_layer(Facts& facts, const model::LayerSpec& layer) {
  add_norm(facts, "attention.norm", layer.attention.norm);
  if (layer.attention.query_norm) add_norm(facts, "attention.query_norm", *layer.attention.query_norm);
  if (layer.attention.key_norm) add_norm(facts, "attention.key_norm", *layer.attention.key_norm);
  facts.add("attention.window", layer.attention.window);
  add_norm(facts, "ffn.norm", layer.ffn.norm);
  facts.add("ffn.activation", layer.ffn.activation);
  facts.add("ffn.gated", layer.ffn.gate.has_value());
}

// Which units of the original model are there, and which are padding.
void add_layout(Facts& facts, const model::Layout& layout) {
  model::UnitSet present, padding;
  for (const auto& [site, units] : layout) {
    present.insert(site, units.units);
    padding.insert(site, units.padding);
    facts.add("unit_size", units.unit_size);
    facts.add("original_units", units.original_units);
    facts.add("original_kv_heads", units.original_kv_heads);
  }
  facts.add("present", present.text());
  facts.add("padding", padding.text());
}

void add_head(Facts& facts, const model::TaskHeadSpec& head) {
  facts.add("head.pooling", head.pooling);
  for (const model::TaskHeadSpec::Dense& dense : head.dense) facts.add("head.activation", dense.activation);
  facts.add("head.tied", head.tied);
  facts.add("head.padding", head.padding);
}

}  // namespace

std::string config_hash(const model::ModelSpec& spec) {
  Facts facts;
  facts.add("model_type", spec.model_type);
  facts.add("problem", spec.problem);
  facts.add("positions", spec.positions);
  facts.add("position_offset", spec.text.position_offset);
  facts.add("norm_order", spec.norm_order);
  facts.add("causal", spec.causal);
  if (spec.text.norm) add_norm(facts, "embedding.norm", *spec.text.norm);
  if (spec.reads_images()) {
    facts.add("image", fmt::format("{}x{}", spec.vision.height, spec.vision.width));
    facts.add("patch", fmt::format("{}x{}", spec.vision.patch_height, spec.vision.patch_width));
    facts.add("channels", spec.vision.channels);
    facts.add("any_size", spec.vision.any_size);
  }
  add_rope(facts, spec.rope);
  for (const model::LayerSpec& layer : spec.layers) add_layer(facts, layer);
  if (spec.final_norm) add_norm(facts, "final.norm", *spec.final_norm);
  add_layout(facts, spec.layout);
  add_head(facts, spec.head);
  return facts.hash();
}

}  // namespace hies::arch
