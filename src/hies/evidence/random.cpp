// Tables of the spread of random masks.
#include "hies/eval/latency.h"
#include "hies/evidence/kinds.h"
#include "hies/evidence/run_columns.h"

namespace hies::evidence {
namespace {

Table spreads(const Evidence& evidence, const std::vector<RunMeasure>& measures, Table table) {
  int digits = 0;
  for (const auto& [run, measure] : measures) digits = std::max(digits, measure.digits);
  table.columns = {text_column("run"), text_column("measure"), text_column("method"),
                   number_column("ratio", digits_for(evidence.ratios())), number_column("masks", 0)};
  for (const char* title : {"mean", "sd", "least", "first quartile", "median", "third quartile", "most"})
    table.columns.push_back(number_column(title, digits));
  for (const auto& [run, measure] : measures) {
    bool begins = true;
    for (const Series& series : evidence.usual_series()) {
      if (series.method != "random") continue;
      for (const double ratio : evidence.ratios()) {
        const std::vector<double> numbers = numbers_of(evidence.records(series, run, ratio), measure);
        if (numbers.empty()) continue;
        const TableCell mean = spread_cell(numbers);
        const eval::Spread spread = eval::spread(numbers);
        TableRow row{{text_cell(run), text_cell(measure.described()), text_cell(label(series)), number_cell(ratio)}, begins};
        begins = false;
        for (const std::optional<double> value :
             {std::optional(static_cast<double>(spread.count)), mean.value, mean.sd, std::optional(spread.least),
              std::optional(spread.p25), std::optional(spread.median), std::optional(spread.p75), std::optional(spread.most)})
          row.cells.push_back(number_cell(value));
        table.rows.push_back(std::move(row));
      }
    }
  }
  return table;
}

}  // namespace

std::vector<Table> random_tables(const Evidence& evidence) {
  const std::string caption =
      "Masks drawn at random, the same number of heads each. sd: of a sample; quartiles are interpolated.";
  return {spreads(evidence, qualities(evidence, Form::as_is), {"random-quality", "Quality of random masks", caption, {}, {}}),
          spreads(evidence, stabilities(evidence), {"random-stability", "Stability of random masks", caption, {}, {}})};
}

}  // namespace hies::evidence
