#include "commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "hies/base/error.h"
#include "hies/base/suggest.h"
#include "terminal.h"

namespace hies::cli {
namespace {

constexpr std::array kCommands = {
    Command{"inspect", "what a checkpoint holds: heads, parameters, FLOPs", run_inspect},
    Command{"score", "score heads and neurons on a few examples, into scores.json", run_score},
    Command{"plan", "choose what to remove, into plan.json; needs no model", run_plan},
    Command{"search", "choose what to remove by trying masks, into plan.json", run_search},
    Command{"prune", "remove heads and neurons, by a plan or in one go", run_prune},
    Command{"refit", "prune by a plan, and fit what is kept anew", run_refit},
    Command{"export", "write a checkpoint for other programs: ONNX, transformers", run_export},
    Command{"latency-table", "measure what heads and neurons cost in time on this machine", run_latency_table},
    Command{"eval", "quality, stability, size and speed on a data file", run_eval},
    Command{"sweep", "a grid of methods, ratios and seeds, and what each achieves", run_sweep},
    Command{"report", "a page, or text, of what sweeps have measured", run_report},
    Command{"explain", "attention and importance of heads in single examples", run_explain},
    Command{"bench", "measure the program's own kernels on this machine", run_bench},
    Command{"make-checkpoint", "synthetic checkpoint (random weights), to try size and speed", run_make_checkpoint},
    Command{"tasks", "list the tasks", run_tasks},
    Command{"methods", "list the scoring methods and the losses", run_methods},
    Command{"models", "list the model families", run_models},
};

// Returns the text of `hies --help`, which fits a screen of 80 columns and 24 lines.
std::string overview() {
  std::string text =
      "hies: remove what a Transformer does not need: attention heads and neurons.\n"
      "usage: hies COMMAND …       hies COMMAND --help       hies --version\n\n";
  for (const Command& command : kCommands) text += fmt::format("  {:15} {}\n", command.name, command.summary);
  text +=
      "\nExit codes: 0 done, 2 bad input, 3 unsupported, 4 I/O, 70 bug, 130 interrupted.\n"
      "In one go: hies prune MODEL --task sst2 --calib train.tsv --ratio 0.3 -o SMALL\n"
      "In steps:  hies score MODEL …; hies plan SCORES …; hies prune MODEL --plan …\n";
  return text;
}

[[noreturn]] void refuse(const std::string& word) {
  std::vector<std::string> names;
  names.reserve(kCommands.size());
  for (const Command& command : kCommands) names.emplace_back(command.name);
  const bool option = word.starts_with('-');
  if (option) names = {"--help", "--version"};
  const std::string near = nearest(word, names);
  throw Error(ErrorKind::bad_input, fmt::format("unknown {} '{}'", option ? "option" : "command", printable(word)),
              near.empty() ? "`hies --help` lists the commands" : fmt::format("did you mean '{}'?", near));
}

}  // namespace

std::span<const Command> commands() noexcept { return kCommands; }

void run_hies(Words words) {
  if (words.empty() || words.front() == "--help" || words.front() == "-h" || words.front() == "help")
    return print_out(overview());
  if (words.front() == "--version") return print_out("hies " HIES_VERSION "\n");
  const auto found = std::find_if(kCommands.begin(), kCommands.end(), [&](const Command& c) { return c.name == words.front(); });
  if (found == kCommands.end()) refuse(words.front());
  found->run(words.subspan(1));
}

}  // namespace hies::cli
