#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hies/arch/checkpoint.h"
#include "hies/model/recorder.h"
#include "hies/score/example_statistics.h"

namespace hies::score {

struct Scores;
struct ScoreOptions;
struct ObjectiveKind;

// How the values of the units that are removed together become one.
enum class Aggregation {
  importance,  // their sum or their greatest, as MethodOptions::group_score says
  norm,        // the root of the sum of their squares, or their greatest
  mean,        // their mean, whatever the options say
};

// One table of scores that a statistic gives: a number for each unit.
struct StatisticTable {
  std::string_view name;
  Aggregation aggregation = Aggregation::importance;
};

// What a statistic is computed from. `examples` is what was recorded; null for one that reads weights only.
struct StatisticInput {
  const arch::Checkpoint& checkpoint;
  const ExampleStatistics* examples = nullptr;
  const ScoreOptions& options;
  const ObjectiveKind& loss;

  // Returns whether units of such sites are asked for.
  bool wants(model::SiteKind kind) const;
};

// A statistic of units: one file x.cpp, which defines x_statistic(), and one line in statistics.def. `hies score --tables`,
// what a run records, a sweep's dry run, gathering into units and hints follow from the entry.
struct Statistic {
  std::string_view name;                                              // what ScoreOptions::tables names
  std::string_view description;                                       // one line
  std::vector<model::SiteKind> sites = {model::SiteKind::attention};  // whose units it has values for
  bool by_default = false;                                            // in ScoreOptions::tables unless others are asked for
  bool needs_gradient = false;                                        // runs a backward pass of a loss
  // Asks a run for what `reduce` reads, beside what a gradient gives. Null: nothing.
  void (*record)(model::Recorder& recorder) = nullptr;
  std::vector<StatisticTable> tables;
  std::vector<std::string_view> site_values = {};  // numbers for each site beside the tables: Scores::site_values
  std::vector<std::string_view> constants = {};    // numbers for the model: Scores::constants
  // Puts what follows from the examples into the scores. Null: it reads no data.
  void (*reduce)(const StatisticInput& input, Scores& scores) = nullptr;
  // Puts what follows from the weights into the scores. Null: it reads no weights.
  void (*read_weights)(const StatisticInput& input, Scores& scores) = nullptr;

  bool reads_data() const noexcept { return reduce != nullptr; }
  // Returns whether the statistic has values for the units of such sites.
  bool judges(model::SiteKind kind) const { return std::find(sites.begin(), sites.end(), kind) != sites.end(); }
};

// Returns all statistics, in the order in which they are listed to the user.
std::span<const Statistic> statistics();
// Throws bad_input for an unknown name, with the known ones as hint.
const Statistic& find_statistic(std::string_view name);

// Return the names of all statistics, of those that have values for such sites, of those that are computed by default, and of those that need no run of the model.
std::vector<std::string> statistic_names();
std::vector<std::string> statistic_names(model::SiteKind kind);
std::vector<std::string> default_statistics();
std::vector<std::string> weight_statistics();

// Returns how the values of that table are gathered; as importance where no statistic gives it.
Aggregation aggregation_of(std::string_view table);

}  // namespace hies::score
