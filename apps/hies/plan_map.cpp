#include "plan_map.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "hies/base/error.h"
#include "human.h"

namespace hies::cli {
namespace {

std::string quantity(const score::MethodOptions& method) {
  return score::find_method(method.method).takes_alpha
             ? fmt::format("{} (alpha {:g}), lowest removed first", method.method, method.alpha)
             : fmt::format("{}, lowest removed first", method.method);
}

// `latency`: what make_plan says of it.
std::string latency_line(const Json& latency) {
  const Json& setting = latency.at("setting");
  const double before = latency.at("before").get<double>(), removed = latency.at("removed").get<double>();
  return fmt::format("latency {} → {} ms (−{}) by the table: {}, {}, {} × {} tokens\n", human_ms(before),
                     human_ms(before - removed), percent(removed / before), printable(setting.at("name").get<std::string>()),
                     setting.at("dtype").get<std::string>(), setting.at("batch").get<std::int64_t>(),
                     setting.at("tokens").get<std::int64_t>());
}

}  // namespace

HeadMap plan_map(const std::string& model, const score::MethodOptions& method, const model::Layout& layout,
                 const model::UnitTable<double>& keep, const prune::Plan& plan) {
  HeadMap map{fmt::format("Attention heads of {}", printable(model)), quantity(method), layout, keep, {}};
  map.removed = plan.removed;
  return map;
}

std::string plan_summary(const prune::Plan& plan, const model::Layout& layout, const std::vector<std::string>& fits) {
  const std::int64_t present = layout.active_count(model::SiteKind::attention);
  const std::int64_t removed = plan.removed.count(model::SiteKind::attention);
  std::string text = fmt::format("removes {} of {} heads", removed, present);
  if (present > 0) text += fmt::format(" ({})", percent(static_cast<double>(removed) / static_cast<double>(present)));
  if (const std::int64_t neurons = plan.removed.count(model::SiteKind::ffn); neurons > 0)
    text += fmt::format(", {} of {} neurons", neurons, layout.count(model::SiteKind::ffn));
  if (plan.units != "head") text += fmt::format(", units {}", plan.units);
  std::string_view lead = ":\n";
  for (const auto& [site, heads] : plan.removed) {
    if (site.kind != model::SiteKind::attention) continue;
    text += fmt::format("{}  layer {}: {}", lead, site.layer, fmt::join(heads, " "));
    lead = "\n";
  }
  text += "\n";
  const model::Layout left = prune::pruned_layout(plan, layout);
  if (const std::int64_t padding = left.padding_count(model::SiteKind::attention); padding > 0)
    text += fmt::format("{} of them are kept as zeros (padding heads), so that each KV head of a layer has as many query heads\n",
                        padding);
  if (const auto latency = plan.information.find("latency_ms"); latency != plan.information.end()) text += latency_line(*latency);
  return text + fmt::format("fits {}\n", fmt::join(fits, ", "));
}

}  // namespace hies::cli
