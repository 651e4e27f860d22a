#include "hies/prune/runtimes.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "hies/base/error.h"
#include "hies/base/suggest.h"

namespace hies::prune {
namespace {

using model::HeadLayout;
using model::LayerHeads;
using model::Portability;

// What keeps a model from running there, after "it"; empty: nothing does.
using Obstacle = std::string;

Obstacle without_heads(const HeadLayout& left) {
  for (std::size_t layer = 0; layer < left.size(); ++layer)
    if (left[layer].heads.empty()) return fmt::format("needs a head in every layer, and layer {} keeps none", layer);
  return {};
}

Obstacle uneven_groups(const HeadLayout& left) {
  for (std::size_t layer = 0; layer < left.size(); ++layer)
    if (left[layer].kv_count() > 0 && left[layer].count() % left[layer].kv_count() != 0)
      return fmt::format("needs as many query heads for each KV head, but layer {} has {} for {}", layer, left[layer].count(),
                         left[layer].kv_count());
  return {};
}

Obstacle not_uniform(const HeadLayout& left) {
  if (Obstacle none = without_heads(left); !none.empty()) return none;
  for (std::size_t layer = 1; layer < left.size(); ++layer) {
    const LayerHeads &first = left[0], &other = left[layer];
    if (first.count() == other.count() && first.kv_count() == other.kv_count()) continue;
    return fmt::format(
        "needs the same number of heads in every layer, but layer 0 keeps {} ({} KV) and layer {} keeps {} ({} KV)",
        first.count(), first.kv_count(), layer, other.count(), other.kv_count());
  }
  return uneven_groups(left);
}

constexpr std::string_view kFamily = "does not read other numbers of heads of this family";

Obstacle transformers4(const Portability& family, const HeadLayout& left) {
  if (family.pruned_heads && family.head_dim && not_uniform(left).empty()) return "does not know the head_dim of this family";
  if (family.pruned_heads) return without_heads(left);
  return family.head_dim ? not_uniform(left) : Obstacle(kFamily);
}
Obstacle transformers(const Portability& family, const HeadLayout& left) {
  return family.head_dim ? not_uniform(left) : Obstacle(kFamily);
}
Obstacle server(const Portability& family, const HeadLayout& left) {
  return family.served ? not_uniform(left) : Obstacle(kFamily);
}
Obstacle llama_cpp(const Portability& family, const HeadLayout& left) {
  if (!family.per_layer) return Obstacle(kFamily);
  if (!left.empty() && left[0].heads.empty()) return "takes layers without heads, but not as the first";
  return uneven_groups(left);
}
// Plain operators know nothing of heads.
Obstacle anything(const Portability&, const HeadLayout&) { return {}; }

struct Runtime {
  std::string_view name;
  Obstacle (*obstacle)(const Portability& family, const HeadLayout& left);
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

std::vector<std::string> fitting_runtimes(const Portability& family, const HeadLayout& left) {
  std::vector<std::string> names;
  for (const Runtime& runtime : kRuntimes)
    if (runtime.obstacle(family, left).empty()) names.emplace_back(runtime.name);
  return names;
}

void check_target_name(std::string_view target) {
  if (!target.empty()) find_runtime(target);
}

void check_target(std::string_view target, const Portability& family, const HeadLayout& left) {
  if (target.empty()) return;
  const Obstacle obstacle = find_runtime(target).obstacle(family, left);
  if (obstacle.empty()) return;
  throw Error(ErrorKind::bad_input, fmt::format("{} cannot take this plan: it {}", target, obstacle),
              "plan with uniform (and units kv-group or even where heads share keys), or leave the target out");
}

}  // namespace hies::prune
