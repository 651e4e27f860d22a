#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "hies/base/clock.h"
#include "hies/base/journal.h"
#include "hies/base/progress.h"
#include "hies/data/dataset.h"
#include "hies/eval/divergence.h"

namespace hies::search {

// When a search stops.
class Deadline {
 public:
  explicit Deadline(std::optional<double> minutes) : minutes_(minutes) {}
  bool passed() const { return minutes_ && watch_.elapsed_ms() > *minutes_ * 60000; }

 private:
  std::optional<double> minutes_;
  Stopwatch watch_;
};

// What a search makes small: how far the masked model's answers to a set of rows are from the unmasked model's (eval/divergence.h).
// Each mask is evaluated once: values are kept, and written to a journal as soon as they are known, so that a search that is run again
// with the same journal continues where it was stopped, with the same bits.
class Objective {
 public:
  // `name`: of the rows, in the journal. The values of these rows that the journal holds are known from the start. What is referred to
  // outlives it.
  Objective(std::string name, const engine::Model& model, data::Dataset rows, std::int64_t batch_tokens, Journal& journal,
            const Deadline& deadline);

  // Evaluates the masks whose values are not known, some seconds' worth at a time. Returns false where the deadline passed before all were known.
  bool evaluate(std::span<const model::UnitSet> masks, const model::UnitSet& trunk, Progress& progress);
  // Returns the value of one mask, evaluated now where it is not known, whatever the deadline.
  double value(const model::UnitSet& mask, Progress& progress);
  // Returns a known value. Throws internal for another mask.
  double known(const model::UnitSet& mask) const;

  const std::string& name() const noexcept { return name_; }
  const data::Dataset& rows() const noexcept { return rows_; }
  std::int64_t known_count() const noexcept { return static_cast<std::int64_t>(values_.size()); }
  // What this process has evaluated, and the seconds that it took.
  eval::MaskStats stats() const { return divergence_ ? divergence_->stats() : eval::MaskStats(); }
  double seconds() const noexcept { return seconds_; }

 private:
  void evaluate_now(std::span<const model::UnitSet> masks, const model::UnitSet* trunk, Progress& progress);

  std::string name_;
  const engine::Model& model_;
  data::Dataset rows_;
  std::int64_t batch_tokens_;
  Journal& journal_;
  const Deadline& deadline_;
  std::size_t at_once_;
  std::unordered_map<std::string, double> values_;  // by the mask's hash
  std::unique_ptr<eval::Divergence> divergence_;    // made when the first value is needed
  double seconds_ = 0;
};

}  // namespace hies::search
