#include "hies/report/prune_command.h"

#include <fmt/format.h>

#include <string_view>

#include "hies/data/task.h"
#include "hies/score/methods/method.h"
#include "hies/study/sweep/grid.h"

namespace hies::report {
namespace {

// Adds " --name value" where it is not what the command does anyway.
class Command {
 public:
  explicit Command(std::string text) : text_(std::move(text)) {}
  void word(std::string_view name, const std::string& value) { text_ += fmt::format(" --{} {}", name, shell_word(value)); }
  template <class T>
  void unless(std::string_view name, const T& value, const T& usual) {
    if (value != usual) word(name, fmt::format("{}", value));
  }
  void unless(std::string_view name, const std::optional<std::int64_t>& value) {
    if (value) word(name, fmt::to_string(*value));
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

std::string prune_command(const study::SweepRun& run, const study::SweepOptions& options, const study::Record& record) {
  const study::GridMethod method = study::parse_method(record.method);
  const score::MethodOptions usual;
  Command command("hies prune " + shell_word(run.model.string()));
  command.word("task", run.task);
  command.word("calib", run.calib.string());
  command.word("method", method.scorer);
  if (record.alpha) command.word("alpha", fmt::format("{}", *record.alpha));
  if (record.loss) command.unless("loss", *record.loss, data::task(run.task).loss);
  if (record.examples) command.unless("examples", *record.examples, study::SweepOptions().examples);
  command.flag("uniform", record.uniform);
  command.unless("normalise", options.normalise, usual.normalise);
  command.unless("units", options.units, usual.units);
  command.unless("group-score", options.group_score, usual.group_score);
  command.unless("granularity", options.granularity, study::SweepOptions().granularity);
  command.unless("min-heads-per-layer", options.min_heads_per_layer, std::int64_t{0});
  command.unless("text", options.text, std::string());
  command.unless("text-pair", options.text_pair, std::string());
  command.unless("label", options.label, std::string());
  command.unless("max-length", options.max_length);
  command.unless("context", options.context);
  command.unless("stride", options.stride);
  command.unless("shots", options.shots);
  command.unless("dtype", options.dtype, study::SweepOptions().dtype);
  return std::move(command).text();
}

}  // namespace hies::report
