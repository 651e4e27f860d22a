#include <fmt/format.h>

#include "arguments.h"
#include "commands.h"
#include "common_options.h"
#include "head_map.h"
#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/base/progress.h"
#include "hies/baseline/baseline.h"
#include "hies/engine/device_name.h"
#include "hies/pipeline/plan_run.h"
#include "hies/prune/budget.h"
#include "hies/score/methods/unit_scores.h"
#include "hies/score/scores.h"
#include "named_paths.h"
#include "plan_map.h"
#include "preset_option.h"
#include "site_values.h"
#include "terminal.h"

namespace hies::cli {
namespace {

// A plan may be made here for another machine, whose table it needs, so this is no error.
void note_other_machine(const prune::Plan& plan, const std::string& table) {
  const auto latency = plan.information.find("latency_ms");
  if (latency == plan.information.end()) return;
  const Json& setting = latency->at("setting");
  const auto name = setting.at("name").get<std::string>();
  const std::string here = engine::device_name({});
  if (setting.at("device") == "cpu" && name != here)
    print_note(fmt::format("{} was measured on {}, and this is {}", table, name, here));
}

}  // namespace

void run_plan(Words words) {
  const std::vector<std::string> by_site = with_site_values(words);
  Arguments arguments({"hies plan",
                       "choose the heads and neurons to remove; needs scores.json, but no model",
                       {"hies plan SCORES --ratio 0.3 -o plan.json",
                        "hies plan SCORES --latency-ratio 0.3 --latency-table table.json -o plan.json"},
                       {"hies plan scores.json --method hies --alpha 0.7 --ratio 0.3 -o plan.json"}},
                      by_site);
  std::string file, svg, preset;
  WriteOptions write;
  ShowOptions show;
  score::MethodOptions method;
  prune::BudgetOptions budget;
  arguments.positional("SCORES", file, "scores.json of `hies score`");
  arguments.add(write);
  arguments.describe("output", {.placeholder = "FILE", .help = "plan.json to write", .short_name = "o"});
  arguments.text("svg", "FILE", svg, "draw the head map, pruned heads crossed, into this file");
  arguments.heading("How much to remove (one budget)");
  arguments.add(budget);
  arguments.describe("protect", {.placeholder = "LIST"});
  arguments.describe("latency-table", {.placeholder = "FILE"});
  arguments.heading("Which heads and neurons to remove");
  arguments.add(method);
  arguments.heading("Showing");
  arguments.add(show);
  arguments("preset", preset, kPresetHelp);
  if (!arguments.parse()) return;
  if (baseline::find_baseline(method.method) != nullptr)
    throw Error(ErrorKind::bad_input,
                fmt::format("method {} chooses units with the model at hand, which scores do not hold", method.method),
                fmt::format("hies prune --method {}, or a sweep, has it", method.method));
  apply_preset(arguments, preset, budget, {.method = &method}, show.quiet || show.json);
  prune::check_options(budget);
  refuse_overlap({{"--output", write.output}, {"--svg", svg}}, {{"SCORES", file}, {"--latency-table", budget.latency_table}});
  if (!write.output.empty()) check_writable(write.output, write.force);
  if (!svg.empty()) check_writable(svg, write.force);

  const score::Scores scores = score::read_scores(file);
  if (method.method == "fisher" && !scores.has("fisher"))
    throw Error(ErrorKind::bad_input, fmt::format("{} has no table 'fisher', which method fisher and preset best need", file),
                "score with `hies score --preset best`, or plan with `--preset paper`");
  const model::UnitTable<double> keep = score::spread_over_heads(score::unit_scores(scores, method), scores.layout);
  const prune::Plan plan = pipeline::run_plan(scores, method, budget);
  Progress::throw_if_cancelled();
  if (!show.quiet && !show.json) note_other_machine(plan, budget.latency_table);
  const HeadMap map = plan_map(scores.model_info.path, method, scores.layout, keep, plan);
  if (!write.output.empty()) prune::write_plan(write.output, plan, write.force);
  if (!svg.empty()) write_file(svg, head_map_svg(map), write.force);
  if (show.json) return print_json(prune::to_json(plan));
  if (show.quiet && !write.output.empty()) return;
  print_coloured(head_map_text(map, output_width(), colour_out()));
  std::string text = plan_summary(plan, scores.layout, plan.information.at("fits").get<std::vector<std::string>>());
  if (!write.output.empty()) text += fmt::format("plan in {}\n", printable(write.output, 500));
  print_out(text);
}

}  // namespace hies::cli
