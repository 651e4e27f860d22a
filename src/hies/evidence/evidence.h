#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "hies/evidence/measure.h"
#include "hies/evidence/records.h"
#include "hies/evidence/series.h"
#include "hies/evidence/tables.h"

namespace hies::evidence {

// The records of a sweep, indexed for tables. It refers to its arguments.
class Evidence {
 public:
  // Throws bad_input for an unknown task or metric.
  Evidence(std::span<const Record> records, const ScoresFiles& scores, const TableOptions& options);

  const std::vector<std::string>& runs() const noexcept { return runs_; }  // in the order of the records
  const std::vector<double>& ratios() const noexcept { return ratios_; }   // ascending, without the unpruned model's
  const std::vector<Series>& series() const noexcept { return series_; }   // in order, without the unpruned model's
  std::vector<Series> usual_series() const;                                // those of the usual number of examples
  // Returns the series that tables show beside one another: those with alpha 0, 1, the usual one, the chosen one, or none.
  std::vector<Series> shown_series() const;
  // Returns the alpha of the grid that is nearest to TableOptions::alpha; not set where no record has one.
  std::optional<double> usual_alpha() const noexcept { return usual_alpha_; }

  // Returns null where there is none.
  const Record* unpruned(const std::string& run) const;
  // Returns the records by seed, ascending.
  const std::vector<const Record*>& records(const Series& series, const std::string& run, double ratio) const;
  // Returns all records of the usual number of examples, and the unpruned model's, of one run, in the order of series, ratio and
  // seed.
  std::vector<const Record*> usual_records(const std::string& run) const;
  // Returns the usual number of calibration examples.
  std::int64_t examples() const noexcept { return options_.examples; }
  const ScoresFiles& scores() const noexcept { return scores_; }

  // Returns the quality measure of a run: see quality_measure().
  std::optional<Measure> quality(const std::string& run, Form form) const;

 private:
  using Place = std::tuple<std::string, Series, double>;  // run, series, ratio

  const ScoresFiles& scores_;
  TableOptions options_;
  std::vector<std::string> runs_;
  std::vector<double> ratios_;
  std::vector<Series> series_;
  std::optional<double> usual_alpha_;
  std::map<std::string, const Record*> unpruned_;
  std::map<std::string, const Record*> first_;  // of each run
  std::map<Place, std::vector<const Record*>> places_;
};

// Return the values of `measure` for the records, by seed; a record without seed has -1. Records without a value are left out.
std::map<std::int64_t, double> by_seed(const std::vector<const Record*>& records, const Measure& measure);
std::vector<double> numbers_of(const std::vector<const Record*>& records, const Measure& measure);

}  // namespace hies::evidence
