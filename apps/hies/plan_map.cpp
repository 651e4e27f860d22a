#include "plan_map.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "hies/base/error.h"
#include "human.h"

namespace hies::cli {
namespace {

std::string quantity(const score::MethodOptions& method) {
  const bool mixes = method.method == "hies" || method.method == "l2-out+ae";
  return mixes ? fmt::format("{} (alpha {:g}), lowest removed first", method.method, method.alpha)
               : fmt::format("{}, lowest removed first", method.method);
}

}  // namespace

HeadMap plan_map(const std::string& model, const score::MethodOptions& method, const model::HeadLayout& layout,
                 const model::HeadTable<double>& keep, const prune::Plan& plan) {
  HeadMap map{fmt::format("Attention heads of {}", printable(model)), quantity(method), layout, keep, {}};
  for (const auto& [layer, heads] : plan.pruned)
    for (const int head : heads) map.pruned.insert({layer, head});
  return map;
}

std::string plan_summary(const prune::Plan& plan, const model::HeadLayout& layout, const std::vector<std::string>& fits) {
  const int present = model::live_head_count(layout);
  std::string text = fmt::format("removes {} of {} heads", plan.pruned_count(), present);
  if (present > 0) text += fmt::format(" ({})", percent(static_cast<double>(plan.pruned_count()) / present));
  if (plan.units != "head") text += fmt::format(", units {}", plan.units);
  std::string_view lead = ":\n";
  for (const auto& [layer, heads] : plan.pruned) {
    text += fmt::format("{}  layer {}: {}", lead, layer, fmt::join(heads, " "));
    lead = "\n";
  }
  text += "\n";
  const model::HeadLayout left = prune::pruned_layout(plan, layout);
  if (const int dead = model::dead_head_count(left); dead > 0)
    text +=
        fmt::format("{} of them stay as zeros (padding heads), so that each KV head of a layer has as many query heads\n", dead);
  return text + fmt::format("fits {}\n", fmt::join(fits, ", "));
}

}  // namespace hies::cli
