#include "prune_output.h"

#include <fmt/format.h>

#include <algorithm>

#include "comparison.h"
#include "hies/base/error.h"
#include "hies/report/prune_command.h"
#include "human.h"
#include "plan_map.h"
#include "terminal.h"

namespace hies::cli {
namespace {

Json refit_json(const refit::Refit& refit) {
  Json json = {{"damping", refit.damping},
               {"examples", refit.examples},
               {"tokens", refit.tokens},
               {"heldout", refit.heldout},
               {"divergence_before", refit.divergence_before ? Json(*refit.divergence_before) : Json()},
               {"divergence_after", refit.divergence_after ? Json(*refit.divergence_after) : Json()},
               {"candidates", Json::array()},
               {"sites", Json::array()}};
  for (const auto& candidate : refit.candidates)
    json["candidates"].push_back({{"damping", candidate.damping}, {"divergence", candidate.divergence}});
  for (const auto& gain : refit.gains)
    json["sites"].push_back({{"layer", gain.site.layer},
                             {"kind", model::site_kind_name(gain.site.kind)},
                             {"error_before", gain.before},
                             {"error_after", gain.after}});
  return json;
}

std::string latency_line(const eval::LatencyCheck& check) {
  const auto times = [](double share) { return percent(share); };
  return fmt::format(
      "Latency of {} × {} tokens: {} of the dense model's by the table, {} measured in {} pairs ({}–{}): {:+.1f} % off.\n",
      check.setting.batch, check.setting.tokens, times(check.predicted), times(check.measured.median), check.measured.count,
      times(check.measured.p25), times(check.measured.p75), 100 * check.error());
}

std::string match_line(const pipeline::LogitMatch& match) {
  std::string said = fmt::format("Loaded again and compared with the masked model on {} examples: ", match.examples);
  if (match.compared != "hidden states")
    said += fmt::format("{} answers differ, ", match.different_answers == 0 ? "no" : fmt::to_string(match.different_answers));
  if (match.largest_difference == 0) return fmt::format("{}{} are equal.\n", said, match.compared);
  return fmt::format("{}{} differ by at most {:.1e} (the largest is {:.3g}).\n", said, match.compared, match.largest_difference,
                     match.largest_logit);
}

// Returns which share of the residual stream's error the fit removed, from the site with the least to that with the most.
std::string error_shares(const refit::Refit& refit) {
  std::vector<std::pair<double, model::Site>> shares;
  for (const auto& gain : refit.gains)
    if (gain.before > 0) shares.emplace_back(1 - gain.after / gain.before, gain.site);
  if (shares.empty()) return "";
  const auto [least, most] = std::minmax_element(shares.begin(), shares.end());
  const auto place = [](model::Site site) { return fmt::format("{} of layer {}", model::site_kind_name(site.kind), site.layer); };
  return fmt::format("The fit removed {} ({}) to {} ({}) of the residual stream's squared error.\n", percent(least->first),
                     place(least->second), percent(most->first), place(most->second));
}

std::string refit_lines(const refit::Refit& refit) {
  std::string text = fmt::format("Refitted {} output matrices on {} rows ({} tokens) with damping {:g}.\n", refit.gains.size(),
                                 refit.examples, refit.tokens, refit.damping);
  if (refit.divergence_before && refit.divergence_after)
    text += fmt::format("Divergence from the dense model on {} held-out rows: {:.4g} before, {:.4g} after.\n", refit.heldout,
                        *refit.divergence_before, *refit.divergence_after);
  return text + error_shares(refit);
}

}  // namespace

std::string as_typed(std::string_view name, Words words) {
  std::string command = fmt::format("hies {}", name);
  for (const std::string& word : words) {
    command += ' ';
    command += report::shell_word(word);
  }
  return command;
}

Json prune_json(const pipeline::PruneRequest& request, const pipeline::PruneRun& run) {
  Json json = {{"schema", "hies.prune/1"}, {"output", request.output.string()}, {"plan", prune::to_json(run.plan)}};
  json["fits"] = run.fits;
  json["refit"] = run.refit ? refit_json(*run.refit) : Json();
  json["latency"] = run.latency ? eval::to_json(*run.latency) : Json();
  json["exported"] = nullptr;
  if (run.exported) json["exported"] = run.exported->files.front().path;
  json["match"] = nullptr;
  if (run.match)
    json["match"] = {{"examples", run.match->examples},
                     {"largest_difference", run.match->largest_difference},
                     {"largest_logit", run.match->largest_logit},
                     {"different_answers", run.match->different_answers}};
  json["evaluation"] = run.evaluation ? eval::to_json(run.evaluation->result) : Json();
  return json;
}

std::string prune_text(const pipeline::PruneRequest& request, const pipeline::PruneRun& run) {
  std::string text = plan_summary(run.plan, run.before, run.fits);
  if (run.evaluation) {
    const eval::Result& result = run.evaluation->result;
    text += fmt::format("\n{}: {} examples, {} tokens\n\n", printable(result.data_file), result.examples, result.tokens);
    text += comparison_table(result, "before", "after");
    if (run.latency) text += "\n" + latency_line(*run.latency);
  }
  if (run.refit) text += "\n" + refit_lines(*run.refit);
  if (run.match) text += "\n" + match_line(*run.match);
  text += fmt::format("\npruned checkpoint in {}\n", printable(request.output.string(), 500));
  if (run.exported)
    text += fmt::format("ONNX model in {}\n", printable((request.output / run.exported->files.front().path).string(), 500));
  return text;
}

}  // namespace hies::cli
