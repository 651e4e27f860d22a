#include "hies/pipeline/refit_rows.h"

#include <algorithm>

#include "hies/base/error.h"

namespace hies::pipeline {
namespace {

data::Dataset part(const data::Dataset& rows, std::int64_t begin, std::int64_t end) {
  data::Dataset some = rows;
  some.examples.assign(rows.examples.begin() + begin, rows.examples.begin() + end);
  some.hash = data::content_hash(some.examples, some.has_labels);
  if (some.has_labels) some.set_label_range();
  return some;
}

}  // namespace

std::int64_t rows_wanted(std::int64_t scored, const refit::RefitOptions& options) {
  return scored + options.refit_examples + options.refit_heldout;
}

CalibrationParts divide(const data::Dataset& rows, std::int64_t scored, const refit::RefitOptions& options, Progress& progress) {
  const std::int64_t all = rows.size(), needed = rows_wanted(scored, options);
  if (all >= needed) {
    const std::int64_t fitted = scored + options.refit_examples;
    return {part(rows, 0, scored), part(rows, scored, fitted), part(rows, fitted, fitted + options.refit_heldout)};
  }
  const std::int64_t heldout = options.refit_heldout == 0 ? 0 : std::max<std::int64_t>(all / 5, 1), rest = all - heldout;
  if (rest < 1)
    throw Error(ErrorKind::bad_input,
                fmt::format("{} has {} rows, too few to fit with some and hold others out", rows.source.string(), all),
                "give more rows, or `refit_heldout` 0 with a `damping`");
  progress.warn(fmt::format("{} has {} rows, but {} are wanted: {} are held out, the other {} serve for scores and refit alike",
                            rows.source.string(), all, needed, heldout, rest));
  return {part(rows, 0, std::min(scored, rest)), part(rows, 0, rest), part(rows, rest, all)};
}

}  // namespace hies::pipeline
