// Table of the alpha and the loss that were chosen on held-out rows, and of what the choice gains or costs.
#include <fmt/format.h>

#include <cmath>

#include "hies/data/task.h"
#include "hies/evidence/kinds.h"
#include "hies/evidence/run_columns.h"
#include "hies/evidence/weighted_auc.h"

namespace hies::evidence {
namespace {

using Seeds = std::map<std::int64_t, double>;

// What is compared: one ratio, or with none the area under the curve over all of them.
using Where = std::optional<double>;

Seeds area(const Evidence& evidence, const Series& series, const RunMeasure& run_measure) {
  std::map<std::int64_t, std::vector<double>> curves;
  for (const double ratio : evidence.ratios())
    for (const auto& [seed, value] : by_seed(evidence.records(series, run_measure.run, ratio), run_measure.measure))
      curves[seed].push_back(value);
  Seeds areas;
  for (auto& [seed, curve] : curves) {
    if (curve.size() != evidence.ratios().size()) continue;  // a curve with missing points has no area
    // The area of a perplexity is that of its logarithm, shown as a perplexity again.
    if (run_measure.measure.is_exponential)
      for (double& value : curve) value = std::log(value);
    const double area = weighted_auc(evidence.ratios(), curve);
    areas[seed] = run_measure.measure.is_exponential ? std::exp(area) : area;
  }
  return areas;
}

Seeds values(const Evidence& evidence, const Series& series, const RunMeasure& run_measure, const Where& where) {
  return where ? by_seed(evidence.records(series, run_measure.run, *where), run_measure.measure)
               : area(evidence, series, run_measure);
}

TableCell spread(const Seeds& seeds) {
  std::vector<double> numbers;
  for (const auto& [seed, value] : seeds) numbers.push_back(value);
  return spread_cell(numbers);
}

// Returns the differences of the seeds that both have.
TableCell difference(const Seeds& a, const Seeds& b) {
  Seeds differences;
  for (const auto& [seed, value] : a)
    if (const auto other = b.find(seed); other != b.end()) differences[seed] = value - other->second;
  return spread(differences);
}

// The comparison of the choice of one method on one run.
class Comparison {
 public:
  Comparison(const Evidence& evidence, const RunMeasure& run_measure, const Series& chosen)
      : evidence_(evidence), run_measure_(run_measure), chosen_(chosen) {
    for (const Series& series : evidence.usual_series()) {
      const bool fits = series.method == chosen.method && series.uniform == chosen.uniform && series.sites == chosen.sites &&
                        series.budget == chosen.budget && series.refit == chosen.refit && !series.loss_chosen &&
                        !series.alpha_chosen && (chosen.loss_chosen || series.loss == chosen.loss) &&
                        (chosen.alpha_chosen || series.alpha == chosen.alpha);
      if (fits) candidates_.push_back(series);
    }
  }

  // Returns nothing where the run has no such choice.
  std::optional<TableRow> row(const Where& where, const std::string& where_text) const {
    const Seeds mine = values(evidence_, chosen_, run_measure_, where);
    if (mine.empty()) return std::nullopt;
    TableRow row{{text_cell(run_measure_.run), text_cell(run_measure_.measure.described()), text_cell(label(chosen_)),
                  text_cell(what()), text_cell(where_text), spread(mine)},
                 false};
    for (const Series* other : {best(where), fixed(evidence_.usual_alpha()), chosen_.alpha_chosen ? fixed(1.0) : nullptr}) {
      const Seeds theirs = other == nullptr ? Seeds() : values(evidence_, *other, run_measure_, where);
      row.cells.push_back(text_cell(theirs.empty() ? "" : chosen_text(other->alpha, loss_of(*other))));
      row.cells.push_back(spread(theirs));
      row.cells.push_back(difference(mine, theirs));
    }
    return row;
  }

 private:
  std::string own_loss() const {
    for (const double ratio : evidence_.ratios())
      for (const Record* record : evidence_.records(chosen_, run_measure_.run, ratio)) return data::task(record->key.task).loss;
    return {};
  }
  std::string loss_of(const Series& series) const { return series.loss.empty() ? own_loss() : series.loss; }

  // Returns the parts that were chosen.
  std::string chosen_text(const std::optional<double>& alpha, const std::optional<std::string>& loss) const {
    std::string text;
    if (chosen_.alpha_chosen && alpha) text = fmt::format("α = {}", *alpha);
    if (chosen_.loss_chosen && loss) text += fmt::format("{}loss {}", text.empty() ? "" : ", ", *loss);
    return text;
  }

  std::string what() const {
    for (const double ratio : evidence_.ratios())
      for (const Record* record : evidence_.records(chosen_, run_measure_.run, ratio))
        return chosen_text(record->key.alpha, record->key.loss);
    return {};
  }

  const Series* best(const Where& where) const {
    const Series* found = nullptr;
    std::optional<double> most;
    for (const Series& series : candidates_) {
      const std::optional<double> value = spread(values(evidence_, series, run_measure_, where)).value;
      if (!value || (most && (run_measure_.measure.higher_is_better ? *value <= *most : *value >= *most))) continue;
      most = value;
      found = &series;
    }
    return found;
  }

  // Returns the candidate with the task's own loss, where losses differ, and this alpha, where alphas do.
  const Series* fixed(const std::optional<double>& alpha) const {
    for (const Series& series : candidates_) {
      const bool fits = (!chosen_.loss_chosen || series.loss.empty()) && (!chosen_.alpha_chosen || series.alpha == alpha);
      if (fits) return &series;
    }
    return nullptr;
  }

  const Evidence& evidence_;
  const RunMeasure& run_measure_;
  const Series& chosen_;
  std::vector<Series> candidates_;
};

}  // namespace

std::vector<Table> choice_tables(const Evidence& evidence) {
  const std::vector<RunMeasure> measures = qualities(evidence, Form::as_is);
  Table table{
      "auto",
      "What the choice on the held-out part gains or costs",
      "Quality with the alpha and the loss that were chosen on held-out rows, beside the best of the grid (chosen on the "
      "evaluation data "
      "itself: optimistic), beside the usual α and the task's own loss, and beside α = 1. gain: chosen less the other, seed "
      "by seed. wAUC: area under the curve over all ratios, weighted by the ratio. Mean ± standard deviation over the seeds.",
      {},
      {}};
  int digits = 0;
  for (const auto& [run, measure] : measures) digits = std::max(digits, measure.digits);
  for (const char* title : {"run", "measure", "method", "chosen", "ratio"}) table.columns.push_back(text_column(title));
  table.columns.push_back(spread_column("quality", digits));
  for (const std::string which : {"best", "usual", "α = 1"}) {
    table.columns.push_back(text_column(which));
    table.columns.push_back(spread_column("quality, " + which, digits));
    table.columns.push_back(spread_column("gain over " + which, digits));
  }
  for (const RunMeasure& run_measure : measures) {
    for (const Series& chosen : evidence.shown_series()) {
      if (!chosen.alpha_chosen && !chosen.loss_chosen) continue;
      const Comparison comparison(evidence, run_measure, chosen);
      const std::size_t begin = table.rows.size();
      for (const double ratio : evidence.ratios())
        if (auto row = comparison.row(ratio, fmt::format("{}", ratio))) table.rows.push_back(std::move(*row));
      if (auto row = comparison.row(std::nullopt, "wAUC")) table.rows.push_back(std::move(*row));
      if (table.rows.size() > begin) table.rows[begin].begins_group = true;
    }
  }
  return {table};
}

}  // namespace hies::evidence
