#include "hies/pipeline/refit_rows.h"

#include <algorithm>

#include "hies/base/error.h"

namespace hies::pipeline {
std::int64_t rows_wanted(std::int64_t scored, const refit::RefitOptions& options) {
  return scored + options.refit_examples + options.refit_heldout;
}

CalibrationParts divide(const data::Dataset& rows, std::int64_t scored, const refit::RefitOptions& options, Progress& progress) {
  const std::int64_t all = rows.size(), needed = rows_wanted(scored, options);
  if (all >= needed) {
    const std::int64_t fitted = scored + options.refit_examples;
    return {data::examples_between(rows, 0, scored), data::examples_between(rows, scored, fitted),
            data::examples_between(rows, fitted, fitted + options.refit_heldout)};
  }
  const std::int64_t heldout = options.refit_heldout == 0 ? 0 : std::max<std::int64_t>(all / 5, 1), rest = all - heldout;
  if (rest < 1)
    throw Error(ErrorKind::bad_input,
                fmt::format("{} has {} rows, too few to fit with some and hold others out", rows.source.string(), all),
                "give more rows, or `refit_heldout` 0 with a `damping`");
  progress.warn(fmt::format("{} has {} rows, but {} are wanted: {} are held out, the other {} serve for {}", rows.source.string(), all,
                            needed, heldout, rest, scored == 0 ? "the refit" : "scores and refit alike"));
  return {data::examples_between(rows, 0, std::min(scored, rest)), data::examples_between(rows, 0, rest),
          data::examples_between(rows, rest, all)};
}

}  // namespace hies::pipeline
