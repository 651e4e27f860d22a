// hies tasks, hies methods, hies models: what the registries hold, one line each.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "arguments.h"
#include "commands.h"
#include "common_options.h"
#include "hies/arch/family.h"
#include "hies/base/json.h"
#include "hies/baseline/baseline.h"
#include "hies/data/task.h"
#include "hies/score/methods/method.h"
#include "hies/score/objectives/objectives.h"
#include "terminal.h"
#include "text_layout.h"

namespace hies::cli {
namespace {

// Returns whether the list is to be printed as JSON; nothing when help was printed.
std::optional<bool> parse_list(Words words, Usage usage) {
  Arguments arguments(std::move(usage), words);
  bool json = false;
  arguments("json", json, "one JSON document on standard output instead of a table");
  if (!arguments.parse()) return std::nullopt;
  return json;
}

std::vector<std::string_view> sites_of(const score::Method& method) {
  std::vector<std::string_view> names;
  for (const model::SiteKind kind : {model::SiteKind::attention, model::SiteKind::ffn})
    if (method.judges(kind)) names.push_back(model::site_kind_name(kind));
  return names;
}

}  // namespace

void run_tasks(Words words) {
  const auto json = parse_list(words, {"hies tasks", "list the tasks", {"hies tasks"}, {"hies tasks --json"}});
  if (!json) return;
  Json list = Json::array();
  TextTable table({"task", "question", "metrics (the first is the primary one)"}, {0, 1, 2});
  for (const data::Task& task : data::tasks()) {
    list.push_back({{"name", task.name},
                    {"description", task.description},
                    {"problem", model::problem_name(task.problem)},
                    {"metrics", task.metrics},
                    {"loss", task.loss}});
    table.row({task.name, task.description, fmt::format("{}", fmt::join(task.metrics, ", "))});
  }
  if (*json) return print_json(list);
  print_out(table.text());
}

void run_methods(Words words) {
  const auto json =
      parse_list(words, {"hies methods", "list the scoring methods and the losses", {"hies methods"}, {"hies methods --json"}});
  if (!json) return;
  Json list = {{"methods", Json::array()}, {"baselines", Json::array()}, {"losses", Json::array()}};
  TextTable table({"--method", "which units are removed first", "--sites", "needs tables"}, {0, 1, 2, 3});
  for (const score::Method& method : score::methods()) {
    list["methods"].push_back(
        {{"name", method.name}, {"description", method.description}, {"sites", sites_of(method)}, {"tables", method.tables}});
    table.row({std::string(method.name), std::string(method.description), fmt::format("{}", fmt::join(sites_of(method), ", ")),
               fmt::format("{}", fmt::join(method.tables, ", "))});
  }
  for (const baseline::Baseline& method : baseline::baselines()) {
    const auto sites = sites_of(score::find_method(method.scorer));
    list["baselines"].push_back({{"name", method.name}, {"description", method.description}, {"sites", sites}});
    table.row(
        {std::string(method.name), std::string(method.description), fmt::format("{}", fmt::join(sites, ", ")), "chooses itself"});
  }
  TextTable losses({"--loss", "whose gradient HIS takes", "needs labels"}, {0, 1, 2});
  for (const score::ObjectiveKind& loss : score::objectives()) {
    list["losses"].push_back({{"name", loss.name}, {"description", loss.description}, {"needs_labels", loss.needs_labels}});
    losses.row({std::string(loss.name), std::string(loss.description), loss.needs_labels ? "yes" : "no"});
  }
  if (*json) return print_json(list);
  std::string text = table.text() + "\n" + losses.text() + "\n";
  for (const std::string& line : wrap(score::kNoDivergenceNote, output_width())) text += line + "\n";
  print_out(text);
}

void run_models(Words words) {
  const auto json =
      parse_list(words, {"hies models", "list the supported model families", {"hies models"}, {"hies models --json"}});
  if (!json) return;
  Json list = Json::array();
  TextTable table({"model_type", "family"}, {0, 1});
  for (const arch::Family* family : arch::all_families()) {
    list.push_back({{"model_type", family->model_type}, {"description", family->description}});
    table.row({std::string(family->model_type), std::string(family->description)});
  }
  if (*json) return print_json(list);
  print_out(table.text());
}

}  // namespace hies::cli
