#include "hies/search/provenance.h"

#include "hies/base/fields.h"

namespace hies::search {
namespace {

Json rows_json(const OnRows& rows) {
  return {{"file", rows.file}, {"hash", rows.hash}, {"examples", rows.examples}, {"plan", rows.plan}, {"scores", rows.scores}};
}

Json rows_json(const SearchRun& run) {
  return {{"objective", rows_json(run.objective)},
          {"choice", rows_json(run.choice)},
          {"evaluation", run.evaluation_rows ? rows_json(*run.evaluation_rows) : Json()}};
}

Json finalists_json(const SearchRun& run) {
  Json finalists = Json::array();
  for (const Finalist& finalist : run.finalists)
    finalists.push_back({{"name", finalist.name},
                         {"objective", finalist.objective},
                         {"choice", finalist.choice},
                         {"refitted", or_null(finalist.refitted)}});
  return finalists;
}

}  // namespace

void put_provenance(const SearchRequest& request, const SearchRun& run, prune::Plan& plan) {
  Json options = options_json(request.search);
  options.erase("minutes");
  options["refit"] = request.refit.refit;
  Json rows = rows_json(run);
  rows.erase("evaluation");  // judges the plan, and is no part of how it was made
  plan.information["search"] = {{"divergence", run.divergence},
                                {"options", std::move(options)},
                                {"rows", std::move(rows)},
                                {"finalists", finalists_json(run)},
                                {"chosen", run.finalists[run.chosen].name},
                                {"candidates", run.found.candidates},
                                {"filled", run.found.filled},
                                {"steps", run.found.steps}};
}

Json to_json(const SearchRun& run) {
  const auto layers = static_cast<double>(run.masks.layers_done + run.masks.layers_avoided);
  Json json = {{"schema", "hies.search-result/1"},
               {"strategy", run.strategy},
               {"divergence", run.divergence},
               {"rows", rows_json(run)},
               {"finalists", finalists_json(run)},
               {"chosen", run.finalists[run.chosen].name},
               {"units", run.units},
               {"candidates", run.found.candidates},
               {"steps", run.found.step_count},
               {"certain_steps", run.found.certain_steps},
               {"filled", run.found.filled},
               {"stopped", run.found.stopped}};
  json["masks"] = {{"evaluated", run.masks.distinct},
                   {"known", run.known_masks},
                   {"exhaustive", run.found.exhaustive},
                   {"seconds", run.seconds},
                   {"per_second", run.seconds > 0 ? static_cast<double>(run.masks.distinct) / run.seconds : 0.0}};
  json["layer_evaluations"] = {{"done", run.masks.layers_done},
                               {"avoided", run.masks.layers_avoided},
                               {"avoided_share", layers > 0 ? static_cast<double>(run.masks.layers_avoided) / layers : 0.0}};
  json["plan"] = prune::to_json(run.plan);
  json["evaluation"] = run.evaluation ? eval::to_json(run.evaluation->result) : Json();
  return json;
}

}  // namespace hies::search
