#include "hies/export/transformers_form.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "hies/base/error.h"
#include "hies/prune/runtimes.h"

namespace hies::exports {
namespace {

using arch::Checkpoint;
using arch::HeadNumbers;
using model::Layout;
using model::SiteKind;
using model::SiteLayout;

// The most query heads that read one KV head.
int largest_group(const SiteLayout& heads) {
  std::vector<int> of_kv(static_cast<std::size_t>(heads.kv_count()));
  for (const std::int32_t kv : heads.kv_positions()) ++of_kv[static_cast<std::size_t>(kv)];
  return of_kv.empty() ? 0 : *std::max_element(of_kv.begin(), of_kv.end());
}

const SiteLayout& first_heads(const Layout& layout) { return layout.attention(0); }

HeadNumbers numbers_of(const Layout& layout, const EvenCounts& counts) {
  return {counts.heads, counts.kv_heads, first_heads(layout).unit_size};
}

// The least numbers that every layer's heads fit into.
EvenCounts widest_heads(const Layout& layout) {
  EvenCounts counts{0, 1, 0};
  int group = 1;
  for (const model::Site site : layout.sites(SiteKind::attention)) {
    counts.kv_heads = std::max(counts.kv_heads, layout.at(site).kv_count());
    group = std::max(group, largest_group(layout.at(site)));
  }
  counts.heads = counts.kv_heads * group;
  return counts;
}

// The least numbers from there on that the family's loader takes. The original's are at the end.
EvenCounts loadable_heads(const Checkpoint& checkpoint) {
  const Layout& layout = checkpoint.spec().layout;
  const SiteLayout& first = first_heads(layout);
  const EvenCounts widest = widest_heads(layout), original{first.original_units, first.original_kv_heads, 0};
  if (checkpoint.family().write_heads == nullptr) return original;
  const auto takes = checkpoint.family().takes_heads;
  EvenCounts best = original;
  for (int kv = widest.kv_heads; kv <= original.kv_heads; ++kv) {
    for (int group = widest.heads / widest.kv_heads; kv * group <= original.heads; ++group) {
      const EvenCounts counts{kv * group, kv, 0};
      if (counts.heads > best.heads || (takes != nullptr && !takes(checkpoint.config(), numbers_of(layout, counts)))) continue;
      if (counts.heads < best.heads || kv < best.kv_heads) best = counts;
      break;
    }
  }
  return best;
}

int loadable_neurons(const Checkpoint& checkpoint) {
  const Layout& layout = checkpoint.spec().layout;
  int widest = 1, original = 0;
  for (const model::Site site : layout.sites(SiteKind::ffn)) {
    widest = std::max(widest, layout.at(site).count());
    original = std::max(original, layout.at(site).original_units);
  }
  return checkpoint.family().portability.ffn_width ? widest : original;
}

std::int64_t added(const Layout& before, const Layout& after, SiteKind kind) { return after.count(kind) - before.count(kind); }

// config.json without what is said of the pruned model's units.
Json plain_config(const Checkpoint& checkpoint) {
  Json config = checkpoint.config();
  config.erase("pruned_heads");
  config.erase("hies");
  if (checkpoint.is_untied_by_weights()) config["tie_word_embeddings"] = false;
  return config;
}

void finish(const Checkpoint& checkpoint, FormPlan& plan) {
  const Layout& before = checkpoint.spec().layout;
  plan.form.heads = added(before, plan.layout, SiteKind::attention);
  plan.form.neurons = added(before, plan.layout, SiteKind::ffn);
  plan.config["hies_export"] = {{"form", plan.form.form}, {"source_hash", checkpoint.hash()}};
}

bool is_uniform(const Checkpoint& checkpoint) {
  const std::vector<std::string> programs = prune::fitting_runtimes(checkpoint.family().portability, checkpoint.spec().layout);
  if (std::find(programs.begin(), programs.end(), "transformers") == programs.end()) return false;
  const SiteLayout& first = first_heads(checkpoint.spec().layout);
  const auto takes = checkpoint.family().takes_heads;
  return takes == nullptr || takes(checkpoint.config(), {first.count(), first.kv_count(), first.unit_size});
}

FormPlan uniform(const Checkpoint& checkpoint) {
  return {{"uniform", "every layer has as many heads and neurons, which config.json says"},
          checkpoint.spec().layout,
          checkpoint.config()};
}

FormPlan padded(const Checkpoint& checkpoint) {
  const Layout& layout = checkpoint.spec().layout;
  const EvenCounts heads = loadable_heads(checkpoint);
  const EvenCounts counts{heads.heads, heads.kv_heads, loadable_neurons(checkpoint)};
  FormPlan plan{{"padded", {}}, even_layout(layout, counts), plain_config(checkpoint)};
  if (checkpoint.family().write_heads != nullptr) checkpoint.family().write_heads(plan.config, numbers_of(layout, counts));
  if (const auto key = std::string(checkpoint.family().neurons_key); !key.empty()) plan.config[key] = counts.neurons;
  const bool original = counts.heads == first_heads(layout).original_units;
  plan.form.why =
      fmt::format("transformers has one number of heads and neurons for all layers: {} heads, {}, and {} neurons", counts.heads,
                  original ? "the original number" : "as many as the widest layer needs", counts.neurons);
  finish(checkpoint, plan);
  return plan;
}

[[noreturn]] void refuse(const Checkpoint& checkpoint, std::string_view form, std::string_view why) {
  throw Error(ErrorKind::unsupported,
              fmt::format("{} cannot be written with `form` {}: {}", checkpoint.folder().string(), form, why),
              "`form` auto takes one that it can");
}

// transformers 4: each layer has the heads that pruned_heads does not name.
FormPlan pruned_heads(const Checkpoint& checkpoint) {
  if (!checkpoint.family().portability.pruned_heads)
    refuse(checkpoint, "pruned-heads", fmt::format("transformers 4 prunes no heads of {}", checkpoint.spec().model_type));
  const Layout& layout = checkpoint.spec().layout;
  FormPlan plan{{"pruned-heads", "transformers 4 reads which heads were removed"},
                even_layout(layout, {0, 0, loadable_neurons(checkpoint)}),
                plain_config(checkpoint)};
  Json pruned = Json::object();
  for (const model::Site site : layout.sites(SiteKind::attention)) {
    SiteLayout& heads = plan.layout.at(site);
    if (heads.units.empty()) heads.units = heads.kv_heads = {0};
    Json removed = Json::array();
    for (int head = 0; head < heads.original_units; ++head)
      if (heads.position_of(head) < 0) removed.push_back(head);
    if (!removed.empty()) pruned[std::to_string(site.layer)] = std::move(removed);
  }
  if (!pruned.empty()) plan.config["pruned_heads"] = std::move(pruned);
  if (const auto key = std::string(checkpoint.family().neurons_key); !key.empty()) plan.config[key] = plan.layout.ffn(0).count();
  finish(checkpoint, plan);
  return plan;
}

// What config.json says otherwise of this layer.
Json layer_overrides(const Checkpoint& checkpoint, const Json& config, int layer) {
  const SiteLayout& heads = checkpoint.spec().layout.attention(layer);
  Json own = config;
  if (heads.count() > 0) checkpoint.family().write_heads(own, {heads.count(), heads.kv_count(), heads.unit_size});
  own[std::string(checkpoint.family().neurons_key)] = checkpoint.spec().layout.ffn(layer).count();
  Json overrides = Json::object();
  for (const auto& [key, value] : own.items()) {
    const bool of_layer = key.starts_with("num_") || key == checkpoint.family().neurons_key;
    if (of_layer && config.value(key, Json()) != value) overrides[key] = value;
  }
  if (heads.count() == 0) overrides["skip"] = Json::array({"attention"});
  return overrides;
}

FormPlan per_layer(const Checkpoint& checkpoint) {
  const arch::Family& family = checkpoint.family();
  const Layout& layout = checkpoint.spec().layout;
  if (family.write_heads == nullptr || family.neurons_key.empty())
    refuse(checkpoint, "per-layer", fmt::format("transformers' {} has no number of heads to give by layer", family.model_type));
  for (const model::Site site : layout.sites(SiteKind::attention))
    if (const SiteLayout& heads = layout.at(site); heads.count() != heads.kv_count() * largest_group(heads))
      refuse(checkpoint, "per-layer",
             fmt::format("layer {} has {} query heads for {} KV heads", site.layer, heads.count(), heads.kv_count()));
  FormPlan plan{{"per-layer", "per_layer_config says what each layer has; the models of transformers 5.23 do not read it yet"},
                layout,
                checkpoint.config()};
  plan.config.erase("pruned_heads");
  const EvenCounts widest = widest_heads(layout);
  family.write_heads(plan.config, numbers_of(layout, widest));
  plan.config[std::string(family.neurons_key)] = loadable_neurons(checkpoint);
  Json layers = Json::object();
  for (int layer = 0; layer < checkpoint.spec().layer_count(); ++layer)
    if (Json overrides = layer_overrides(checkpoint, plan.config, layer); !overrides.empty())
      layers[std::to_string(layer)] = std::move(overrides);
  if (!layers.empty()) plan.config["per_layer_config"] = std::move(layers);
  return plan;
}

}  // namespace

FormPlan plan_form(const Checkpoint& checkpoint, const std::string& wanted) {
  const Layout& layout = checkpoint.spec().layout;
  for (const model::Site site : layout.sites(SiteKind::ffn))
    if (layout.at(site).original_units != layout.ffn(0).original_units)
      refuse(checkpoint, wanted, "its layers began with different numbers of neurons");
  if (wanted == "pruned-heads") return pruned_heads(checkpoint);
  if (wanted == "per-layer") return per_layer(checkpoint);
  if (wanted == "padded") return padded(checkpoint);
  if (is_uniform(checkpoint)) return uniform(checkpoint);
  if (wanted == "uniform")
    refuse(checkpoint, wanted, "its layers have different numbers of heads or neurons, or others than transformers takes");
  return padded(checkpoint);
}

}  // namespace hies::exports
