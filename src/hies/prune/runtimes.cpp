#include "hies/prune/runtimes.h"

#include <algorithm>
#include <array>
#include <initializer_list>

#include <fmt/format.h>

#include "hies/base/error.h"
#include "hies/base/suggest.h"

namespace hies::prune {
namespace {

using arch::Portability;
using model::Layout;
using model::SiteKind;
using model::SiteLayout;

// What keeps a model from running there, after "it"; empty: nothing does.
using Obstacle = std::string;

Obstacle without_heads(const Layout& left) {
  for (const auto& [site, heads] : left)
    if (site.kind == SiteKind::attention && heads.units.empty())
      return fmt::format("needs a head in every layer, and layer {} keeps none", site.layer);
  return {};
}

Obstacle uneven_groups(const Layout& left) {
  for (const auto& [site, heads] : left)
    if (heads.kv_count() > 0 && heads.count() % heads.kv_count() != 0)
      return fmt::format("needs as many query heads for each KV head, but layer {} has {} for {}", site.layer, heads.count(),
                         heads.kv_count());
  return {};
}

Obstacle different_heads(const Layout& left) {
  for (const model::Site site : left.sites(SiteKind::attention)) {
    const SiteLayout &first = left.attention(0), &other = left.at(site);
    if (first.count() == other.count() && first.kv_count() == other.kv_count()) continue;
    return fmt::format(
        "needs the same number of heads in every layer, but layer 0 keeps {} ({} KV) and layer {} keeps {} ({} KV)",
        first.count(), first.kv_count(), site.layer, other.count(), other.kv_count());
  }
  return {};
}

Obstacle different_neurons(const Layout& left) {
  const std::vector<model::Site> sites = left.sites(SiteKind::ffn);
  for (const model::Site site : sites) {
    const int first = left.at(sites.front()).count(), other = left.at(site).count();
    if (other != first)
      return fmt::format("needs the same number of neurons in every layer, but layer {} keeps {} and layer {} keeps {}",
                         sites.front().layer, first, site.layer, other);
  }
  return {};
}

// Returns the first of them that there is.
Obstacle first_of(const Layout& left, std::initializer_list<Obstacle (*)(const Layout&)> obstacles) {
  for (const auto& obstacle : obstacles)
    if (Obstacle found = obstacle(left); !found.empty()) return found;
  return {};
}

Obstacle not_uniform(const Layout& left) {
  return first_of(left, {without_heads, different_heads, uneven_groups, different_neurons});
}

// Returns whether every layer has all heads that the original model had, so that no program meets other numbers of heads.
bool all_heads_present(const Layout& left) {
  const auto sites = left.sites(SiteKind::attention);
  return std::all_of(sites.begin(), sites.end(), [&](const model::Site site) {
    const SiteLayout& heads = left.at(site);
    return heads.padding.empty() && heads.count() == heads.original_units && heads.kv_count() == heads.original_kv_heads;
  });
}

// Returns what keeps transformers from reading the numbers of neurons.
Obstacle neurons_of_transformers(const Portability& family, const Layout& left) {
  if (Obstacle different = different_neurons(left); !different.empty()) return different;
  const auto sites = left.sites(SiteKind::ffn);
  const bool whole = std::all_of(sites.begin(), sites.end(),
                                 [&](const model::Site site) { return left.at(site).count() == left.at(site).original_units; });
  return whole || family.ffn_width ? Obstacle() : Obstacle("does not read other numbers of neurons of this family");
}

constexpr std::string_view kFamily = "does not read other numbers of heads of this family";

Obstacle transformers4(const Portability& family, const Layout& left) {
  if (all_heads_present(left)) return neurons_of_transformers(family, left);
  if (family.pruned_heads && family.head_dim && not_uniform(left).empty()) return "does not know the head_dim of this family";
  if (Obstacle neurons = neurons_of_transformers(family, left); !neurons.empty()) return neurons;
  if (family.pruned_heads) return without_heads(left);
  return family.head_dim ? not_uniform(left) : Obstacle(kFamily);
}
Obstacle transformers(const Portability& family, const Layout& left) {
  if (all_heads_present(left)) return neurons_of_transformers(family, left);
  if (!family.head_dim) return Obstacle(kFamily);
  const Obstacle different = not_uniform(left);
  return different.empty() ? neurons_of_transformers(family, left) : different;
}
Obstacle server(const Portability& family, const Layout& left) { return family.served ? not_uniform(left) : Obstacle(kFamily); }
Obstacle llama_cpp(const Portability& family, const Layout& left) {
  if (!family.per_layer) return Obstacle(kFamily);
  if (left.contains(model::attention_site(0)) && left.attention(0).units.empty())
    return "takes layers without heads, but not as the first";
  return uneven_groups(left);
}
// Plain operators know nothing of heads.
Obstacle anything(const Portability&, const Layout&) { return {}; }

struct Runtime {
  std::string_view name;
  Obstacle (*obstacle)(const Portability& family, const Layout& left);
};

constexpr std::array kRuntimes = {
    Runtime{"transformers", transformers},
    Runtime{"transformers-4", transformers4},
    Runtime{"vllm", server},
    Runtime{"sglang", server},
    Runtime{"tensorrt-llm", server},
    Runtime{"llama.cpp", llama_cpp},
    Runtime{"onnxruntime", anything},
    Runtime{"transformers.js", anything},
};

const Runtime& find_runtime(std::string_view target) {
  std::vector<std::string> names;
  for (const Runtime& runtime : kRuntimes) {
    if (runtime.name == target) return runtime;
    names.emplace_back(runtime.name);
  }
  throw Error(ErrorKind::bad_input, fmt::format("unknown target '{}'", printable(target)), known_names_hint(target, names));
}

}  // namespace

std::vector<std::string> fitting_runtimes(const Portability& family, const Layout& left) {
  std::vector<std::string> names;
  for (const Runtime& runtime : kRuntimes)
    if (runtime.obstacle(family, left).empty()) names.emplace_back(runtime.name);
  return names;
}

void check_target_name(std::string_view target) {
  if (!target.empty()) find_runtime(target);
}

void check_target(std::string_view target, const Portability& family, const Layout& left) {
  if (target.empty()) return;
  const Obstacle obstacle = find_runtime(target).obstacle(family, left);
  if (obstacle.empty()) return;
  throw Error(ErrorKind::bad_input, fmt::format("{} cannot take this plan: it {}", target, obstacle),
              "plan with uniform (and units kv-group or even where heads share keys), or leave the target out");
}

}  // namespace hies::prune
