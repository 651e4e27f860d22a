#include "hies/report/prune_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "hies/base/fields.h"
#include "hies/data/task.h"
#include "hies/score/methods/method.h"
#include "hies/sweep/grid.h"
#include "hies/sweep/run_inputs.h"

namespace hies::report {
namespace {

// Builds a command line; options that have their defaults are left out.
class Command {
 public:
  explicit Command(std::string text) : text_(std::move(text)) {}
  void word(std::string_view name, const std::string& value) { text_ += fmt::format(" --{} {}", name, shell_word(value)); }
  template <class T>
  void unless(std::string_view name, const T& value, const T& usual) {
    if (value != usual) word(name, fmt::format("{}", value));
  }
  // Adds every field of an options struct that does not have its default.
  template <class Options>
  void unless_usual(const Options& options) {
    const Json given = options_json(options), usual = options_json(Options());
    for (const auto& [name, value] : given.items()) {
      if (value == usual[name]) continue;
      std::string option = name;
      std::replace(option.begin(), option.end(), '_', '-');
      if (value.is_boolean()) flag(option, value.template get<bool>());
      else word(option, value.is_string() ? value.template get<std::string>() : value.dump());
    }
  }
  void flag(std::string_view name, bool set) {
    if (set) text_ += fmt::format(" --{}", name);
  }
  std::string text() && { return std::move(text_); }

 private:
  std::string text_;
};

}  // namespace

std::string shell_word(const std::string& word) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=,:+@%";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) return word;
  std::string text(1, '\'');
  for (const char c : word) {
    if (c == '\'') text += "'\\''";
    else text += c;
  }
  return text += '\'';
}

std::vector<std::string> budget_flags(const evidence::RecordKey& key) {
  if (key.budget != evidence::kRatioBudget) {
    std::string flag = "--" + key.budget;
    std::replace(flag.begin(), flag.end(), '_', '-');
    return {flag};
  }
  if (key.sites == "ffn" && !key.uniform) return {"--ffn-ratio"};
  if (key.sites == "attention,ffn") return {"--ratio", "--ffn-ratio"};
  return {"--ratio"};
}

std::string removed_noun(const evidence::RecordKey& key) {
  if (key.budget == "matrix_flops_ratio") return "matrices' FLOPs";
  if (key.budget == "flops_ratio") return "FLOPs";
  if (key.budget == "params_ratio") return "parameters";
  if (key.sites == "ffn") return "neurons";
  return key.sites == "attention,ffn" ? "heads and of the neurons" : "heads";
}

std::string prune_command(const sweep::SweepRun& run, const sweep::SweepOptions& options, const evidence::Record& record) {
  const sweep::GridMethod method = sweep::parse_method(record.key.method);
  const data::Task& task = data::task(run.task);
  Command command("hies prune " + shell_word(run.model.string()));
  command.word("task", run.task);
  command.word("calib", run.calib.string());
  // A share of costs would mean another preset.
  if (record.key.budget != evidence::kRatioBudget) command.word("preset", "paper");
  command.word("method", method.scorer);
  command.unless("sites", record.key.sites, score::MethodOptions().sites);
  if (record.key.alpha) command.word("alpha", fmt::format("{}", *record.key.alpha));
  if (record.key.loss) command.unless("loss", *record.key.loss, task.loss);
  if (record.key.examples) command.unless("examples", *record.key.examples, sweep::SweepOptions().examples);
  command.flag("uniform", record.key.uniform);
  command.unless_usual(options.method);
  command.unless_usual(options.score);
  command.unless_usual(options.budget);
  if (record.key.refit != evidence::kNoRefit) {
    refit::RefitOptions refit = options.refit_options;
    refit.refit = record.key.refit;
    command.unless_usual(refit);
  }
  command.unless_usual(sweep::load_options(options, task));
  command.unless("dtype", options.execution.dtype, engine::ExecutionOptions().dtype);
  return std::move(command).text();
}

}  // namespace hies::report
