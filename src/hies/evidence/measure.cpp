#include "hies/evidence/measure.h"

#include <fmt/format.h>

#include "hies/data/metrics.h"

namespace hies::evidence {

std::optional<Measure> quality_measure(const Record& example, Form form) {
  if (example.measured.metrics.empty()) return std::nullopt;
  const data::Metric& metric = data::metric(example.measured.metrics.front().first);
  const bool is_share = metric.lowest == 0 && metric.highest == 1;
  const bool is_correlation = metric.lowest == -1 && metric.highest == 1;
  if (form == Form::paper && !is_share && !is_correlation) return std::nullopt;
  const bool halved = is_correlation && form == Form::paper;
  const double shift = halved ? 1 : 0, factor = halved ? 50 : is_share ? 100 : 1;

  Measure measure;
  measure.name = halved ? fmt::format("(1 + {}) / 2", metric.name) : std::string(metric.name);
  measure.unit = std::string(factor > 1 ? "%" : "");
  measure.digits = factor > 1 ? 2 : 4;
  measure.higher_is_better = metric.higher_is_better;
  measure.is_exponential = metric.is_exponential;
  measure.of = [name = std::string(metric.name), shift, factor](const Record& record) -> std::optional<double> {
    for (const auto& [key, value] : record.measured.metrics)
      if (key == name) return factor * (shift + value);
    return std::nullopt;
  };
  return measure;
}

Measure stability_measure() {
  return {"stability", "%", 2, true, false, [](const Record& record) { return std::optional(100 * record.measured.stability); }};
}

}  // namespace hies::evidence
