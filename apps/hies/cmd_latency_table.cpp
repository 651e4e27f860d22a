#include <fmt/format.h>
#include <fmt/ranges.h>

#include "arguments.h"
#include "commands.h"
#include "common_options.h"
#include "console_progress.h"
#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/eval/layer_latency.h"
#include "human.h"
#include "named_paths.h"
#include "terminal.h"
#include "text_layout.h"

namespace hies::cli {
namespace {

std::string layers_text(const std::vector<std::int64_t>& layers) {
  std::vector<int> numbers(layers.begin(), layers.end());
  return fmt::format("layer{} {}", layers.size() == 1 ? "" : "s", model::range_text(numbers));
}

// Rows: a site of some layers. Of a curve the quarters are shown; the file has all.
std::string curves_text(const prune::LatencyTable& table) {
  TextTable text({"ms per layer", "of", "¼", "½", "¾", "all"});
  for (const prune::LatencyTable::Layers& entry : table.layers)
    for (const auto& [noun, curve] : {std::pair("heads", &entry.heads), std::pair("neurons", &entry.neurons)}) {
      if (curve->counts.empty()) continue;
      std::vector<std::string> row = {layers_text(entry.layers), fmt::format("{} {}", curve->most(), noun)};
      for (const int quarters : {1, 2, 3, 4}) row.push_back(human_ms(curve->at(curve->most() * quarters / 4)));
      text.row(std::move(row));
    }
  return text.text();
}

std::string table_text(const prune::LatencyTable& table) {
  const prune::LatencySetting& setting = table.setting;
  std::string text = fmt::format("{}{}, {}, batches of {} × {} tokens\n", printable(setting.name),
                                 setting.device == "cpu" ? fmt::format(", {} threads", setting.threads) : "", setting.dtype,
                                 setting.batch, setting.tokens);
  text += fmt::format("the whole model: {} ms at least, quartiles {}–{} ms, {} rounds\n\n", human_ms(table.whole.least),
                      human_ms(table.whole.p25), human_ms(table.whole.p75), table.whole.rounds);
  return text + curves_text(table);
}

}  // namespace

void run_latency_table(Words words) {
  Arguments arguments(
      {"hies latency-table",
       "measure how long a model's layers take by their heads and neurons",
       {"hies latency-table MODEL -o table.json", "hies latency-table MODEL --batch 32 --tokens 64 -o table.json"},
       {"hies latency-table examples/demo-sst2 -o table.json",
        "hies prune examples/demo-sst2 --task sst2 --calib examples/reviews-calibration.tsv \\",
        "    --latency-ratio 0.3 --latency-table table.json -o smaller"},
       "Random weights in the model's shape are run, on a machine that should have nothing else to do."},
      words);
  std::string folder;
  eval::LatencyTableOptions options;
  engine::ExecutionOptions execution;
  WriteOptions write;
  ShowOptions show;
  arguments.positional("MODEL", folder, kModelHelp);
  arguments.add(write);
  arguments.describe("output", {.placeholder = "FILE", .help = "table.json to write", .short_name = "o"});
  arguments.heading("What to measure");
  arguments.add(options);
  arguments.heading("Running and showing");
  arguments.add(execution);
  arguments.add(show);
  if (!arguments.parse()) return;
  engine::resolve(execution);
  eval::check_options(options);
  refuse_overlap({{"--output", write.output}}, {{"MODEL", folder}});
  if (!write.output.empty()) check_writable(write.output, write.force);

  ConsoleProgress progress(show.quiet);
  const arch::Checkpoint checkpoint = arch::Checkpoint::open(folder, progress);
  const prune::LatencyTable table = eval::measure_latency_table(checkpoint, options, execution, progress);
  Progress::throw_if_cancelled();
  if (!write.output.empty()) prune::write_latency_table(write.output, table, write.force);
  if (show.json) return print_json(prune::to_json(table));
  if (show.quiet && !write.output.empty()) return;
  std::string text = table_text(table);
  if (!write.output.empty()) text += fmt::format("\ntable in {}\n", printable(write.output, 500));
  print_out(text);
}

}  // namespace hies::cli
