// Table of the latency of single examples, where the sweep measured it.
#include "hies/evidence/kinds.h"

namespace hies::evidence {

std::vector<Table> latency_tables(const Evidence& evidence) {
  Table table{
      "latency",
      "Latency of the pruned models",
      "Milliseconds of one example at a time: median and quartiles of the pruned model, median of the unpruned one, and the "
      "median ratio of the two in pairs of runs that took turns; above 1 the pruned model is faster.",
      {},
      {}};
  table.columns = {text_column("run"), text_column("method"), number_column("ratio", digits_for(evidence.ratios()))};
  for (const char* title : {"median", "first quartile", "third quartile", "unpruned"})
    table.columns.push_back(number_column(title, 3));
  table.columns.push_back(number_column("times as fast", 3));
  table.columns.push_back(number_column("pairs", 0));
  for (const std::string& run : evidence.runs()) {
    bool begins = true;
    for (const Series& series : evidence.usual_series()) {
      for (const double ratio : evidence.ratios()) {
        for (const Record* record : evidence.records(series, run, ratio)) {
          if (!record->measured.latency_ms) continue;
          const Latency& ms = *record->measured.latency_ms;
          table.rows.push_back({{text_cell(run), text_cell(label(series)), number_cell(ratio), number_cell(ms.median),
                                 number_cell(ms.p25), number_cell(ms.p75), number_cell(ms.unpruned_median),
                                 number_cell(ms.speedup), number_cell(static_cast<double>(ms.pairs))},
                                begins});
          begins = false;
        }
      }
    }
  }
  return {table};
}

}  // namespace hies::evidence
