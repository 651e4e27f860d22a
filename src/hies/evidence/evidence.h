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

// The records of a sweep, put in order for those who make tables of them. Refers to what it is made of.
class Evidence {
 public:
  // Throws bad_input for a task or metric that there is not.
  Evidence(std::span<const Record> records, const ScoresFiles& scores, const TableOptions& options);

  const std::vector<std::string>& runs() const noexcept { return runs_; }  // in the order of the records
  const std::vector<double>& ratios() const noexcept { return ratios_; }   // ascending, without the unpruned model's
  const std::vector<Series>& series() const noexcept { return series_; }   // in order, without the unpruned model's
  std::vector<Series> usual_series() const;                                // those of the usual number of examples
  // Of these the ones that have room beside all others: alpha 0, 1, the usual one, the chosen one, or none.
  std::vector<Series> shown_series() const;
  // The alpha of the grid that is next to TableOptions::alpha; not set where no record has one.
  std::optional<double> usual_alpha() const noexcept { return usual_alpha_; }

  // Null where there is none.
  const Record* unpruned(const std::string& run) const;
  // By seed, ascending; empty where there are none.
  const std::vector<const Record*>& records(const Series& series, const std::string& run, double ratio) const;
  // All records of the usual number of examples, and the unpruned model's, of one run, in the order of series, ratio and seed.
  std::vector<const Record*> usual_records(const std::string& run) const;
  // The usual number of examples.
  std::int64_t examples() const noexcept { return options_.examples; }
  const ScoresFiles& scores() const noexcept { return scores_; }

  // How quality of a run is told: see quality_measure().
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

// What `measure` says of the records, by seed; without a seed by -1. Records without the number are left out.
std::map<std::int64_t, double> by_seed(const std::vector<const Record*>& records, const Measure& measure);
std::vector<double> numbers_of(const std::vector<const Record*>& records, const Measure& measure);

}  // namespace hies::evidence
