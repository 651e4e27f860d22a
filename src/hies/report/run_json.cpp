#include "hies/report/run_json.h"

#include <array>
#include <set>

#include "hies/evidence/pareto.h"
#include "hies/report/page_data.h"
#include "hies/report/prune_command.h"
#include "hies/report/refit_json.h"

namespace hies::report {
namespace {

using evidence::Record;

Json spread(const evidence::TableCell& cell) {
  if (!cell.value) return nullptr;
  return Json::array({*cell.value, cell.sd ? Json(*cell.sd) : Json()});
}

Json point_json(const Point& point, const model::Layout* layout) {
  Json json = {{"ratio", point.ratio},
               {"records", point.records},
               {"quality", spread(point.quality)},
               {"stability", spread(point.stability)},
               {"loss_increase", spread(point.loss_increase)},
               {"heads", point.heads},
               {"parameters", point.parameters},
               {"flops", point.flops},
               {"removed", Json::array({point.heads_removed, point.parameters_removed, point.flops_removed})}};
  if (Json refit = refitted_json(point); !refit.is_null()) json["refitted"] = std::move(refit);
  if (layout != nullptr)
    if (Json left = left_json(point, *layout); !left.is_null()) json["left"] = std::move(left);
  if (point.latency)
    json["latency_ms"] = {{"median", point.latency->median},
                          {"p25", point.latency->p25},
                          {"p75", point.latency->p75},
                          {"unpruned_median", point.latency->unpruned_median},
                          {"speedup", point.latency->speedup}};
  return json;
}

Json series_json(const SeriesPoints& series, const Sweep& sweep, const sweep::SweepRun& run, const model::Layout* layout) {
  Json points = Json::array();
  for (const Point& point : series.points) points.push_back(point_json(point, layout));
  return {{"label", series.label},
          {"method", series.series.method},
          {"family", evidence::label_without_alpha(series.series)},
          {"uniform", series.series.uniform},
          {"sites", series.series.sites},
          {"budget", series.series.budget},
          {"refit", series.series.refit},
          {"removes", removed_noun(series.example.key)},
          {"budget_flags", budget_flags(series.example.key)},
          {"drawn", series.drawn},
          {"loss", or_null(series.example.key.loss)},
          {"alpha", or_null(series.example.key.alpha)},
          {"alpha_chosen", series.series.alpha_chosen},
          {"loss_chosen", series.series.loss_chosen},
          {"examples", or_null(series.series.examples)},
          {"command", prune_command(run, sweep.config.options, series.example)},
          {"points", points}};
}

Json measure_json(const evidence::Measure& measure) {
  return {{"name", measure.name},
          {"unit", measure.unit},
          {"digits", measure.digits},
          {"higher_is_better", measure.higher_is_better},
          {"is_exponential", measure.is_exponential}};
}

// Returns one list per layer.
Json rows_json(const model::UnitTable<double>& table) {
  Json rows = Json::array();
  for (const auto& [site, row] : table) rows.push_back(row);
  return rows;
}

// Returns one pair per layer; the page plans heads only.
Json attention_costs_json(const std::map<model::Site, model::UnitCost>& costs) {
  Json json = Json::array();
  for (const auto& [site, cost] : costs)
    if (site.kind == model::SiteKind::attention) json.push_back(Json::array({cost.parameters, cost.flops_per_token}));
  return json;
}

Json layout_json(const score::Scores& scores) {
  Json layers = Json::array();
  for (const model::Site site : scores.layout.sites(model::SiteKind::attention)) {
    const model::SiteLayout& layer = scores.layout.at(site);
    layers.push_back({{"heads", layer.units},
                      {"dead", layer.padding},
                      {"original_heads", layer.original_units},
                      {"original_kv_heads", layer.original_kv_heads}});
  }
  return {{"layers", layers},
          {"parameters", scores.cost.parameters},
          {"flops_per_token", scores.cost.flops_per_token},
          {"per_head", attention_costs_json(scores.cost.per_unit)},
          {"per_kv_head", attention_costs_json(scores.cost.per_kv_head)}};
}

// Returns the scores files of the run, in the order of their names.
std::set<std::string> scores_files(const Sweep& sweep, const std::vector<const Record*>& records) {
  std::set<std::string> files;
  for (const Record* record : records)
    for (const std::string& file : {record->key.scores, record->measured.bound.scores})
      if (sweep.scores.contains(file)) files.insert(file);
  return files;
}

void add_scores(const Sweep& sweep, const std::vector<const Record*>& records, Json& run) {
  run["scores"] = Json::array();
  run["layout"] = nullptr;
  for (const std::string& file : scores_files(sweep, records)) {
    const score::Scores& scores = sweep.scores.at(file);
    if (run["layout"].is_null()) run["layout"] = layout_json(scores);
    if (!scores.has("his") || !scores.has("ae")) continue;
    run["scores"].push_back({{"file", file},
                             {"loss", value_or<std::string>(scores.options, "loss", "", file)},
                             {"seed", value_or<std::int64_t>(scores.options, "seed", 0, file)},
                             {"his", rows_json(model::rows_of(scores.table("his"), model::SiteKind::attention))},
                             {"ae", rows_json(scores.table("ae"))}});
  }
}

// Returns n such that every n-th of `count` points are at most kMostPoints.
std::size_t step(std::size_t count) { return (count + kMostPoints - 1) / kMostPoints; }

Json bound_json(const std::vector<const Record*>& records) {
  std::vector<const Record*> listed;
  for (const Record* record : records)
    if (record->measured.bound.first_order && record->measured.bound.loss_increase && !record->mask.removed.empty())
      listed.push_back(record);
  Json points = Json::array();
  for (std::size_t i = 0; i < listed.size(); i += step(listed.size())) {
    const Record& record = *listed[i];
    points.push_back(Json::array({*record.measured.bound.first_order, or_null(record.measured.bound.second_order_heads),
                                  *record.measured.bound.loss_increase, record.key.ratio, record.key.method}));
  }
  return {{"loss", listed.empty() ? "" : listed.front()->measured.bound.loss}, {"records", listed.size()}, {"points", points}};
}

struct CostKind {
  const char* name;
  std::optional<double> (*of)(const Record& record);
};
constexpr std::array kCosts = {
    CostKind{"parameters", [](const Record& r) { return std::optional(static_cast<double>(r.measured.cost.parameters)); }},
    CostKind{"FLOPs per example", [](const Record& r) { return std::optional(r.measured.cost.flops_per_example); }},
    CostKind{"latency, ms",
             [](const Record& r) { return r.measured.latency_ms ? std::optional(r.measured.latency_ms->median) : std::nullopt; }},
};

// Returns, for each kind of cost, the Pareto front of quality and cost, and a cloud of all records.
Json pareto_json(const RunPoints& run, const std::vector<const Record*>& records, std::int64_t examples) {
  Json all = Json::array();
  if (!run.quality) return all;
  for (const CostKind& kind : kCosts) {
    std::vector<const Record*> listed;
    std::vector<double> costs, qualities;
    for (const Record* record : records) {
      const std::optional<double> cost = kind.of(*record), quality = run.quality->of(*record);
      if (!cost || !quality) continue;
      listed.push_back(record);
      costs.push_back(*cost);
      qualities.push_back(run.quality->higher_is_better ? *quality : -*quality);
    }
    if (listed.empty()) continue;
    const auto shown = [&](std::size_t i) {
      const Record& record = *listed[i];
      const bool whole = record.mask.removed.empty() && !record.key.seed && record.key.ratio == 0;
      return Json::array({costs[i], run.quality->of(record).value(), record.measured.stability,
                          whole ? "unpruned" : evidence::label(evidence::series_of(record, examples)), record.key.ratio,
                          or_null(record.key.seed)});
    };
    Json front = Json::array(), cloud = Json::array();
    for (const std::size_t i : evidence::pareto_front(costs, qualities)) front.push_back(shown(i));
    for (std::size_t i = 0; i < listed.size(); i += step(listed.size()))
      cloud.push_back(Json::array({costs[i], run.quality->of(*listed[i]).value()}));
    all.push_back({{"cost", kind.name}, {"records", listed.size()}, {"front", front}, {"cloud", cloud}});
  }
  return all;
}

Json options_json(const sweep::SweepOptions& options) {
  return {{"examples", options.examples},
          {"seeds", options.seeds},
          {"normalise", options.method.normalise},
          {"units", options.method.units},
          {"group_score", options.method.group_score},
          {"granularity", options.score.granularity},
          {"min_heads_per_layer", options.budget.min_heads_per_layer},
          {"stability_tolerance", options.eval.stability_tolerance}};
}

}  // namespace

Json run_json(const Sweep& sweep, const evidence::Evidence& evidence, const std::string& name) {
  const sweep::SweepRun& run = sweep.run(name);
  const RunPoints points = run_points(evidence, name);
  const std::vector<const Record*> records = evidence.usual_records(name);
  std::size_t of_run = 0;
  for (const Record& record : sweep.records) of_run += record.key.run == name;

  Json json;
  json["name"] = name;
  json["folder"] = sweep.folder.string();
  json["task"] = run.task;
  json["model"] = {{"path", run.model.string()}, {"hash", points.unpruned.key.model.weights}};
  json["calib"] = run.calib.string();
  json["data"] = run.data.string();
  json["records"] = of_run;
  json["options"] = options_json(sweep.config.options);
  json["quality"] = points.quality ? measure_json(*points.quality) : Json();
  json["unpruned"] = {{"heads", points.unpruned.mask.heads},
                      {"parameters", points.unpruned.measured.cost.parameters},
                      {"flops", points.unpruned.measured.cost.flops_per_example},
                      {"quality", points.quality ? or_null(points.quality->of(points.unpruned)) : Json()},
                      {"loss", or_null(points.unpruned.measured.mean_loss)}};
  json["mixed"] = points.is_mixed();
  const std::set<std::string> files = scores_files(sweep, records);
  const model::Layout* layout = files.empty() ? nullptr : &sweep.scores.at(*files.begin()).layout;
  json["series"] = Json::array();
  for (const SeriesPoints& series : points.series) json["series"].push_back(series_json(series, sweep, run, layout));
  add_scores(sweep, records, json);
  json["bound"] = bound_json(records);
  json["pareto"] = pareto_json(points, records, sweep.config.options.examples);
  json["fronts"] = fronts_json(evidence, points);
  json["notes"] = sweep.notes;
  return json;
}

}  // namespace hies::report
