// Tables of the number of calibration examples.
#include <algorithm>

#include "hies/evidence/kinds.h"
#include "hies/evidence/ratio_grid.h"

namespace hies::evidence {

std::vector<Table> calibration_size_tables(const Evidence& evidence) {
  std::vector<GridRow> rows;
  for (Series wanted : evidence.usual_series()) {
    std::vector<GridRow> sizes;
    for (const Series& series : evidence.series()) {
      wanted.examples = series.examples;
      if (series == wanted)
        sizes.push_back({label(series), static_cast<double>(series.examples.value_or(evidence.examples())), series});
    }
    if (sizes.size() < 2) continue;
    std::sort(sizes.begin(), sizes.end(), [](const GridRow& a, const GridRow& b) { return a.value < b.value; });
    rows.insert(rows.end(), sizes.begin(), sizes.end());
  }
  const std::string caption =
      "Mean ± standard deviation over the seeds, each of which draws a calibration set. Bold: the best size of its ratio.";
  return {ratio_grid(evidence, qualities(evidence, Form::as_is), rows, "examples",
                     {"calibration-size-quality", "Quality by the size of the calibration set", caption, {}, {}}),
          ratio_grid(evidence, stabilities(evidence), rows, "examples",
                     {"calibration-size-stability", "Stability by the size of the calibration set", caption, {}, {}})};
}

}  // namespace hies::evidence
