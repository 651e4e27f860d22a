#include "hies/sweep/summary.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

#include "hies/eval/latency.h"

namespace hies::sweep {
namespace {

struct LayerCount {
  std::int64_t done = 0, avoided = 0;
  void add(const LayerCount& other) {
    done += other.done;
    avoided += other.avoided;
  }
  Json json() const { return {{"done", done}, {"avoided", avoided}}; }
};

// Layer evaluations that were avoided are counted against one evaluation for each record.
LayerCount layer_count(const RunSummary& run) {
  const auto all = static_cast<std::int64_t>(run.records.size()) * run.layers;
  return {run.evaluation.layers_done, all - run.evaluation.layers_done};
}

// Returns the spread of random masks of one ratio.
Json random_json(const std::vector<const evidence::Record*>& records) {
  const evidence::Record& first = *records.front();
  Json json = {{"method", first.key.method + (first.key.uniform ? "/uniform" : "")},
               {"sites", first.key.sites},
               {"budget", first.key.budget},
               {"ratio", first.key.ratio},
               {"refit", first.key.refit},
               {"masks", records.size()}};
  const auto spread_of = [&](const auto& value) {
    std::vector<double> numbers;
    numbers.reserve(records.size());
    for (const evidence::Record* record : records) numbers.push_back(value(*record));
    return spread_json(numbers);
  };
  json["metrics"] = Json::object();
  for (std::size_t i = 0; i < first.measured.metrics.size(); ++i)
    json["metrics"][first.measured.metrics[i].first] =
        spread_of([i](const evidence::Record& record) { return record.measured.metrics[i].second; });
  json["stability"] = spread_of([](const evidence::Record& record) { return record.measured.stability; });
  json["mean_loss"] = first.measured.mean_loss
                          ? spread_of([](const evidence::Record& record) { return record.measured.mean_loss.value(); })
                          : Json();
  return json;
}

Json all_random(const std::vector<evidence::Record>& records) {
  using Kind = std::tuple<bool, std::string, std::string, std::string, double>;
  std::map<Kind, std::vector<const evidence::Record*>> groups;
  for (const evidence::Record& record : records) {
    const evidence::RecordKey& key = record.key;
    if (key.method == "random") groups[{key.uniform, key.sites, key.budget, key.refit, key.ratio}].push_back(&record);
  }
  Json json = Json::array();
  for (const auto& [key, group] : groups) json.push_back(random_json(group));
  return json;
}

Json run_json(const RunSummary& run) {
  const evidence::Record& unpruned = run.records.front();
  Json metrics = Json::object();
  for (const auto& [name, value] : unpruned.measured.metrics) metrics[name] = value;
  Json json = {{"name", run.run.name},
               {"model", {{"path", run.run.model.string()}, {"hash", run.model_hash}}},
               {"task", run.run.task},
               {"data", {{"examples", run.examples}, {"tokens", run.tokens}}},
               {"unpruned",
                {{"heads", unpruned.mask.heads},
                 {"parameters", unpruned.measured.cost.parameters},
                 {"flops_per_example", unpruned.measured.cost.flops_per_example},
                 {"metrics", metrics},
                 {"mean_loss", unpruned.measured.mean_loss ? Json(*unpruned.measured.mean_loss) : Json()}}},
               {"cells", run.records.size()},
               {"distinct_masks", run.evaluation.distinct},
               {"refits", run.refits},
               {"layer_evaluations", layer_count(run).json()},
               {"scores_files", run.scores_files},
               {"heldout", Json()},
               {"choices", Json::array()},
               {"random", all_random(run.records)}};
  if (!run.choices.empty())
    json["heldout"] = {{"distinct_masks", run.heldout.distinct},
                       {"layer_evaluations", {{"done", run.heldout.layers_done}, {"avoided", run.heldout.layers_avoided}}}};
  for (const HyperparameterChoice& choice : run.choices) json["choices"].push_back(choice_json(choice));
  return json;
}

}  // namespace

Json spread_json(const std::vector<double>& numbers) {
  const double count = static_cast<double>(numbers.size());
  const eval::Spread spread = eval::spread(numbers);
  // Clamped, so that the mean of equal numbers is that number.
  const double mean = std::clamp(std::accumulate(numbers.begin(), numbers.end(), 0.0) / count, spread.least, spread.most);
  double squares = 0;
  for (const double number : numbers) squares += (number - mean) * (number - mean);
  return {{"mean", mean},      {"sd", numbers.size() > 1 ? Json(std::sqrt(squares / (count - 1))) : Json()},
          {"p25", spread.p25}, {"median", spread.median},
          {"p75", spread.p75}, {"min", spread.least},
          {"max", spread.most}};
}

Json summary_json(const std::vector<RunSummary>& runs, const std::string& version, const std::map<std::string, double>& timings) {
  std::size_t cells = 0;
  std::int64_t masks = 0, refits = 0;
  LayerCount layers;
  Json list = Json::array();
  for (const RunSummary& run : runs) {
    cells += run.records.size();
    masks += run.evaluation.distinct;
    refits += run.refits;
    layers.add(layer_count(run));
    list.push_back(run_json(run));
  }
  return {
      {"schema", kSummarySchema},           {"hies", version}, {"cells", cells},    {"distinct_masks", masks}, {"refits", refits},
      {"layer_evaluations", layers.json()}, {"runs", list},    {"timings", timings}};
}

}  // namespace hies::sweep
