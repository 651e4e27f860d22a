#include "comparison.h"

#include <fmt/format.h>

#include <functional>

#include "hies/data/metrics.h"
#include "human.h"
#include "text_layout.h"

namespace hies::cli {
namespace {

using eval::Measurements;
using eval::Spread;

// Returns "1.23 (1.20–1.31)": the median and the quartiles.
std::string with_spread(const Spread& spread, std::string (*shown)(double)) {
  return fmt::format("{} ({}–{})", shown(spread.median), shown(spread.p25), shown(spread.p75));
}

class Comparison {
 public:
  Comparison(const Measurements& model, const Measurements* reference, TextTable& table)
      : model_(model), reference_(reference), table_(table) {}

  // A quantity that both have: its text, and its relative difference.
  void cost(std::string_view name, const std::function<double(const Measurements&)>& value, std::string (*shown)(double)) {
    const double mine = value(model_);
    if (reference_ == nullptr) return table_.row({std::string(name), shown(mine)});
    const double before = value(*reference_);
    table_.row({std::string(name), shown(before), shown(mine), change(before, mine)});
  }
  void only_model(std::string_view name, const std::string& text) {
    if (reference_ == nullptr) table_.row({std::string(name), text});
    else table_.row({std::string(name), "", text});
  }
  void metric(std::size_t index) {
    const auto& [name, value] = model_.metrics[index];
    const data::Metric& kind = data::metric(name);
    const bool share = kind.lowest == 0 && kind.highest == 1;
    const auto shown = [&](double number) { return share ? percent(number) : fmt::format("{:.3f}", number); };
    if (reference_ == nullptr) return table_.row({name, shown(value)});
    if (index >= reference_->metrics.size()) return table_.row({name, "", shown(value)});
    const double before = reference_->metrics[index].second;
    table_.row({name, shown(before), shown(value),
                share ? fmt::format("{:+.1f} points", (value - before) * 100) : fmt::format("{:+.3f}", value - before)});
  }
  void loss() {
    if (!model_.loss) return;
    const auto shown = [](double value) { return fmt::format("{:.4f}", value); };
    if (reference_ == nullptr) return table_.row({"mean loss", shown(*model_.loss)});
    if (!reference_->loss) return table_.row({"mean loss", "", shown(*model_.loss)});
    table_.row({"mean loss", shown(*reference_->loss), shown(*model_.loss), change(*reference_->loss, *model_.loss)});
  }
  void speed(const std::optional<eval::Speedup>& speedup) {
    if (!model_.speed) return;
    const auto rows = [&](std::string_view name, Spread eval::Speed::*spread, std::string (*shown)(double)) {
      const std::string mine = with_spread((*model_.speed).*spread, shown);
      if (reference_ == nullptr || !reference_->speed) return only_model(name, mine);
      const Spread& before = (*reference_->speed).*spread;
      table_.row({std::string(name), with_spread(before, shown), mine, change(before.median, ((*model_.speed).*spread).median)});
    };
    rows("latency per example, ms", &eval::Speed::latency_ms, human_ms);
    rows("tokens per second", &eval::Speed::tokens_per_second, [](double value) { return fmt::format("{:.0f}", value); });
    if (!speedup) return;
    const auto times = [](double value) { return fmt::format("{:.2f}×", value); };
    only_model("speed-up, pairs of runs", with_spread(speedup->latency, times));
    only_model("  of tokens per second", with_spread(speedup->throughput, times));
  }

 private:
  const Measurements& model_;
  const Measurements* reference_;
  TextTable& table_;
};

}  // namespace

std::string group_table(const eval::Result& result, std::string_view reference_heading, std::string_view model_heading) {
  if (result.model.groups.empty()) return "";
  const std::string metric = result.model.groups.front().metrics.front().first;
  const auto shown = [](const eval::GroupQuality& group) { return percent(group.metrics.front().second); };
  const bool compared = result.reference.has_value();
  std::vector<std::string> heading{metric, "examples"};
  if (compared) heading.emplace_back(reference_heading);
  heading.emplace_back(model_heading);
  TextTable table(heading);
  for (std::size_t i = 0; i < result.model.groups.size(); ++i) {
    const eval::GroupQuality& group = result.model.groups[i];
    std::vector<std::string> row{group.name, human_count(static_cast<double>(group.examples))};
    if (compared) row.push_back(shown(result.reference->groups[i]));
    row.push_back(shown(group));
    table.row(std::move(row));
  }
  return table.text();
}

std::string comparison_table(const eval::Result& result, std::string_view reference_heading, std::string_view model_heading) {
  const bool compared = result.reference.has_value();
  TextTable table(compared
                      ? std::vector<std::string>{"", std::string(reference_heading), std::string(model_heading), "difference"}
                      : std::vector<std::string>{"", std::string(model_heading)});
  Comparison rows(result.model, compared ? &*result.reference : nullptr, table);
  for (std::size_t i = 0; i < result.model.metrics.size(); ++i) rows.metric(i);
  rows.loss();
  if (result.stability) rows.only_model("stability (same answers)", percent(*result.stability));
  table.rule();
  rows.cost(
      "heads", [](const Measurements& f) { return static_cast<double>(f.heads); }, human_count);
  rows.cost(
      "parameters", [](const Measurements& f) { return static_cast<double>(f.cost.parameters); }, human_count);
  rows.cost(
      "  of attention", [](const Measurements& f) { return static_cast<double>(f.cost.attention_parameters); }, human_count);
  rows.cost(
      "FLOPs per example", [](const Measurements& f) { return f.cost.flops_per_example; }, human_count);
  rows.cost(
      "  of attention", [](const Measurements& f) { return f.cost.attention_flops_per_example; }, human_count);
  rows.cost(
      "bytes on disk", [](const Measurements& f) { return static_cast<double>(f.cost.bytes); }, human_bytes);
  rows.speed(result.speedup);
  return table.text();
}

}  // namespace hies::cli
