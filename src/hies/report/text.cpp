#include "hies/report/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "hies/base/error.h"
#include "hies/evidence/formats.h"
#include "hies/report/operating_point.h"
#include "hies/report/prune_command.h"

namespace hies::report {
namespace {

using evidence::TableCell;

std::string shown(const TableCell& cell, const evidence::Measure& measure) {
  if (!cell.value) return "–";
  std::string text = evidence::shown_number(*cell.value, measure.digits);
  if (cell.sd) text += " ± " + evidence::shown_number(*cell.sd, measure.digits);
  return measure.unit.empty() ? text : text + " " + measure.unit;
}

std::string unpruned_line(const RunPoints& run, const sweep::SweepRun& source) {
  std::string line = fmt::format("model {}, {} heads, {} parameters", printable(source.model.string(), 200),
                                 run.unpruned.mask.heads, run.unpruned.measured.cost.parameters);
  if (run.quality)
    if (const auto value = run.quality->of(run.unpruned))
      line += fmt::format(", {} {}{}", run.quality->name, evidence::shown_number(*value, run.quality->digits),
                          run.quality->unit.empty() ? "" : " " + run.quality->unit);
  return line + "\n";
}

std::string recommendation(const RunPoints& run, const Sweep& sweep) {
  const auto found = operating_point(run, kUsualStability);
  if (!found) return fmt::format("No configuration keeps {} % of the answers at its smallest ratio.\n", kUsualStability);
  const Point& point = found->point;
  const evidence::Record& example = found->series.example;
  std::string text = fmt::format("The {} that keeps {} % of the answers: ", run.is_mixed() ? "cheapest model" : "largest ratio",
                                 kUsualStability);
  text += run.is_mixed() ? fmt::format("{} of the {}", point.ratio, removed_noun(example.key)) : fmt::format("{}", point.ratio);
  text += fmt::format(" by {}\n  stability {}", found->series.label, shown(point.stability, run.stability));
  if (run.quality) text += fmt::format(", {} {}", run.quality->name, shown(point.quality, *run.quality));
  text += fmt::format("; parameters {:+.1f} %, FLOPs {:+.1f} %", -100 * point.parameters_removed, -100 * point.flops_removed);
  if (point.latency) text += fmt::format(", latency {:.3g} ms ({:.2f}× as quick)", point.latency->median, point.latency->speedup);
  text += fmt::format("\n  {}", prune_command(sweep.run(run.name), sweep.config.options, example));
  for (const std::string& flag : budget_flags(example.key)) text += fmt::format(" {} {}", flag, point.ratio);
  return text + fmt::format(" -o {}\n", shell_word(fmt::format("{}-{}", run.name, point.ratio)));
}

using Numbers = std::vector<std::optional<double>>;

// Returns one line for each series: name, sparkline of the values over the ratios, first and last of them.
std::string curves(const RunPoints& run, const std::vector<evidence::Series>& shown, const std::string& title,
                   const evidence::Measure& measure, const TableCell Point::*of, std::optional<double> unpruned) {
  double least = std::numeric_limits<double>::infinity(), most = -least;
  std::size_t width = 0;
  std::vector<std::pair<const SeriesPoints*, Numbers>> lines;
  for (const SeriesPoints& series : run.series) {
    if (std::find(shown.begin(), shown.end(), series.series) == shown.end()) continue;
    Numbers numbers;
    if (unpruned) numbers.push_back(unpruned);
    for (const Point& point : series.points) numbers.push_back((point.*of).value);
    for (const auto& number : numbers) {
      if (!number) continue;
      least = std::min(least, *number);
      most = std::max(most, *number);
    }
    width = std::max(width, evidence::display_width(series.label));
    lines.emplace_back(&series, std::move(numbers));
  }
  if (!(least <= most)) return {};
  std::string text = fmt::format("{} over the ratios {}, from {} (▁) to {} (█)\n", title, unpruned ? "from 0" : "of the sweep",
                                 evidence::shown_number(least, measure.digits), evidence::shown_number(most, measure.digits));
  for (const auto& [series, numbers] : lines)
    text += fmt::format("  {}{}  {}\n", series->label, std::string(width - evidence::display_width(series->label), ' '),
                        sparkline(numbers, least, most));
  return text;
}

std::string run_text(const Sweep& sweep, const evidence::Evidence& evidence, const std::string& name) {
  const RunPoints run = run_points(evidence, name);
  const sweep::SweepRun& source = sweep.run(name);
  const std::vector<evidence::Series> shown = evidence.shown_series();
  std::string text = fmt::format("## {} ({})\n\n", printable(name), source.task);
  text += unpruned_line(run, source) + recommendation(run, sweep) + "\n";
  if (run.quality)
    text += curves(run, shown, run.quality->described(), *run.quality, &Point::quality, run.quality->of(run.unpruned)) + "\n";
  text += curves(run, shown, run.stability.described(), run.stability, &Point::stability, 100) + "\n";
  return text;
}

}  // namespace

std::string sparkline(std::span<const std::optional<double>> numbers, double least, double most) {
  constexpr std::array<std::string_view, 8> kBars = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  std::string text;
  for (const std::optional<double>& number : numbers) {
    if (!number) {
      text += ' ';
      continue;
    }
    const double share = most > least ? (*number - least) / (most - least) : 1;
    text += kBars[static_cast<std::size_t>(std::clamp(std::floor(share * 8), 0.0, 7.0))];
  }
  return text;
}

std::string text_report(std::span<const Sweep> sweeps) {
  check_distinct(sweeps);
  std::string text;
  for (const Sweep& sweep : sweeps) {
    const evidence::Evidence evidence(sweep.records, sweep.scores, sweep.table_options());
    for (const std::string& note : sweep.notes) text += fmt::format("{}: {}\n", sweep.folder.string(), note);
    for (const std::string& run : evidence.runs()) text += run_text(sweep, evidence, run);
    for (const evidence::Table& table : evidence::evidence_tables(sweep.records, sweep.scores, sweep.table_options()))
      if (table.name == "quality" || table.name == "stability") text += evidence::markdown_table(table) + "\n";
  }
  return text;
}

}  // namespace hies::report
