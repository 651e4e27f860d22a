#pragma once

#include <span>
#include <string>
#include <string_view>

namespace hies::cli {

using Words = std::span<const std::string>;

// One command: a function that declares its options, parses `words` (what follows the command's name) and does the work. Errors
// are thrown.
struct Command {
  std::string_view name;
  std::string_view summary;  // one line of `hies --help`
  void (*run)(Words words);
};

// In the order of `hies --help`.
std::span<const Command> commands() noexcept;

void run_inspect(Words words);
void run_score(Words words);
void run_plan(Words words);
void run_search(Words words);
void run_prune(Words words);
void run_latency_table(Words words);
void run_refit(Words words);
void run_export(Words words);
void run_eval(Words words);
void run_sweep(Words words);
void run_report(Words words);
void run_explain(Words words);
void run_make_checkpoint(Words words);
void run_bench(Words words);
void run_tasks(Words words);
void run_methods(Words words);
void run_models(Words words);

// Runs `hies` with the words that follow it. Throws what the command throws.
void run_hies(Words words);

}  // namespace hies::cli
