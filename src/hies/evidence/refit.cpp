// Tables of what refits gave.
#include <map>
#include <tuple>

#include "hies/evidence/kinds.h"
#include "hies/evidence/run_columns.h"

namespace hies::evidence {
namespace {

using Records = std::vector<const Record*>;

// Calls visit(run measure, series with a refit, ratio, its records).
template <class Visit>
void each_refit(const Evidence& evidence, const std::vector<RunMeasure>& measures, const Visit& visit) {
  for (const RunMeasure& measure : measures)
    for (const Series& series : evidence.usual_series()) {
      if (series.refit == kNoRefit) continue;
      for (const double ratio : evidence.ratios())
        if (const Records& records = evidence.records(series, measure.run, ratio); !records.empty())
          visit(measure, series, ratio, records);
    }
}

template <class Number>
TableCell spread_of(const Records& records, const Number& number) {
  std::vector<double> numbers;
  for (const Record* record : records)
    if (record->measured.refitted)
      if (const std::optional<double> value = number(*record->measured.refitted)) numbers.push_back(*value);
  return spread_cell(numbers);
}

Table refits(const Evidence& evidence, const std::vector<RunMeasure>& measures) {
  Table table{
      "refit",
      "What a refit gave",
      "The same masks without and with the refit; divergence of the answers to held-out calibration rows from the unpruned "
      "model's. Mean ± standard deviation over the seeds.",
      {},
      {}};
  int digits = 0;
  for (const auto& [run, measure] : measures) digits = std::max(digits, measure.digits);
  const int stable = stability_measure().digits;
  table.columns = {text_column("run"),
                   text_column("measure"),
                   text_column("method"),
                   number_column("ratio", digits_for(evidence.ratios())),
                   spread_column("without", digits),
                   spread_column("with", digits),
                   spread_column("stability without, %", stable),
                   spread_column("stability with, %", stable),
                   spread_column("divergence without", 4),
                   spread_column("divergence with", 4)};
  std::string group;
  each_refit(evidence, measures, [&](const RunMeasure& of, const Series& series, double ratio, const Records& records) {
    Series plain = series;
    plain.refit = kNoRefit;
    const Records& before = evidence.records(plain, of.run, ratio);
    const std::string mine = of.run + label(series);
    table.rows.push_back(
        {{text_cell(of.run), text_cell(of.measure.described()), text_cell(label(series)), number_cell(ratio),
          spread_cell(numbers_of(before, of.measure)), spread_cell(numbers_of(records, of.measure)),
          spread_cell(numbers_of(before, stability_measure())), spread_cell(numbers_of(records, stability_measure())),
          spread_of(records, [](const Refitted& refit) { return refit.divergence_before; }),
          spread_of(records, [](const Refitted& refit) { return refit.divergence_after; })},
         mine != group});
    group = mine;
  });
  return table;
}

Table gains(const Evidence& evidence, const std::vector<RunMeasure>& measures) {
  Table table{
      "refit-layers",
      "What a refit removed of each layer's error",
      "How far the residual stream after a site is from the unpruned model's, as mean squares over the tokens that were fitted "
      "with, with the old matrix and with the new. Mean ± standard deviation over the seeds.",
      {},
      {}};
  table.columns = {text_column("run"),
                   text_column("method"),
                   number_column("ratio", digits_for(evidence.ratios())),
                   number_column("layer", 0),
                   text_column("site"),
                   spread_column("error without", 5),
                   spread_column("error with", 5),
                   spread_column("removed, %", 1)};
  each_refit(evidence, measures, [&](const RunMeasure& of, const Series& series, double ratio, const Records& records) {
    std::map<std::pair<std::int64_t, std::string>, std::tuple<std::vector<double>, std::vector<double>, std::vector<double>>>
        sites;
    for (const Record* record : records)
      if (record->measured.refitted)
        for (const Refitted::Gain& gain : record->measured.refitted->sites) {
          auto& [before, after, removed] = sites[{gain.layer, gain.kind}];
          before.push_back(gain.error_before);
          after.push_back(gain.error_after);
          removed.push_back(gain.error_before > 0 ? 100 * (1 - gain.error_after / gain.error_before) : 0);
        }
    bool begins = true;
    for (const auto& [site, numbers] : sites) {
      const auto& [before, after, removed] = numbers;
      table.rows.push_back(
          {{text_cell(of.run), text_cell(label(series)), number_cell(ratio), number_cell(static_cast<double>(site.first)),
            text_cell(site.second), spread_cell(before), spread_cell(after), spread_cell(removed)},
           begins});
      begins = false;
    }
  });
  return table;
}

// Measures of all runs: of quality where there are labels, else of stability.
std::vector<RunMeasure> best_measures(const Evidence& evidence) {
  std::vector<RunMeasure> measures;
  for (const std::string& run : evidence.runs())
    measures.push_back({run, evidence.quality(run, Form::as_is).value_or(stability_measure())});
  return measures;
}

}  // namespace

std::vector<Table> refit_tables(const Evidence& evidence) {
  const std::vector<RunMeasure> measures = best_measures(evidence);
  return {refits(evidence, measures), gains(evidence, measures)};
}

}  // namespace hies::evidence
