#include "hies/evidence/evidence.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace hies::evidence {

Evidence::Evidence(std::span<const Record> records, const ScoresFiles& scores, const TableOptions& options)
    : scores_(scores), options_(options) {
  std::set<double> ratios, alphas;
  std::set<Series> series;
  for (const Record& record : records) {
    if (first_.emplace(record.key.run, &record).second) runs_.push_back(record.key.run);
    if (record.is_unpruned()) {
      unpruned_.emplace(record.key.run, &record);
      continue;
    }
    const Series mine = series_of(record, options.examples);
    series.insert(mine);
    ratios.insert(record.key.ratio);
    if (has_grid_alpha(mine)) alphas.insert(*mine.alpha);
    places_[{record.key.run, mine, record.key.ratio}].push_back(&record);
  }
  for (auto& [place, list] : places_)
    std::stable_sort(list.begin(), list.end(), [](const Record* a, const Record* b) { return a->key.seed < b->key.seed; });
  ratios_.assign(ratios.begin(), ratios.end());
  series_.assign(series.begin(), series.end());
  for (const double alpha : alphas)
    if (!usual_alpha_ || std::abs(alpha - options.alpha) < std::abs(*usual_alpha_ - options.alpha)) usual_alpha_ = alpha;
}

std::vector<Series> Evidence::usual_series() const {
  std::vector<Series> usual;
  std::copy_if(series_.begin(), series_.end(), std::back_inserter(usual), [](const Series& s) { return !s.examples; });
  return usual;
}

std::vector<Series> Evidence::shown_series() const {
  std::vector<Series> shown = usual_series();
  std::erase_if(
      shown, [&](const Series& s) { return has_grid_alpha(s) && *s.alpha != 0 && *s.alpha != 1 && *s.alpha != *usual_alpha_; });
  return shown;
}

const Record* Evidence::unpruned(const std::string& run) const {
  const auto found = unpruned_.find(run);
  return found == unpruned_.end() ? nullptr : found->second;
}

const std::vector<const Record*>& Evidence::records(const Series& series, const std::string& run, double ratio) const {
  static const std::vector<const Record*> kNone;
  const auto found = places_.find({run, series, ratio});
  return found == places_.end() ? kNone : found->second;
}

std::vector<const Record*> Evidence::usual_records(const std::string& run) const {
  std::vector<const Record*> all;
  if (const Record* unpruned_model = unpruned(run)) all.push_back(unpruned_model);
  for (const auto& [place, list] : places_)
    if (std::get<0>(place) == run && !std::get<1>(place).examples) all.insert(all.end(), list.begin(), list.end());
  return all;
}

std::optional<Measure> Evidence::quality(const std::string& run, Form form) const {
  return quality_measure(*first_.at(run), form);
}

std::map<std::int64_t, double> by_seed(const std::vector<const Record*>& records, const Measure& measure) {
  std::map<std::int64_t, double> numbers;
  for (const Record* record : records)
    if (const std::optional<double> value = measure.of(*record)) numbers.emplace(record->key.seed.value_or(-1), *value);
  return numbers;
}

std::vector<double> numbers_of(const std::vector<const Record*>& records, const Measure& measure) {
  std::vector<double> numbers;
  for (const auto& [seed, value] : by_seed(records, measure)) numbers.push_back(value);
  return numbers;
}

}  // namespace hies::evidence
