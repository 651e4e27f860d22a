#include <fmt/format.h>

#include "arguments.h"
#include "commands.h"
#include "common_options.h"
#include "console_progress.h"
#include "hies/base/fields.h"
#include "hies/base/files.h"
#include "hies/synthetic/make_checkpoint.h"
#include "human.h"
#include "terminal.h"

namespace hies::cli {

void run_make_checkpoint(Words words) {
  Arguments arguments({"hies make-checkpoint",
                       "write random weights in a real model's shape, to try size and speed",
                       {"hies make-checkpoint --family llama --size 7b -o DIR"},
                       {"hies make-checkpoint --family llama --size tiny --layers 4 -o made"},
                       "The weights are random, so the model's answers mean nothing. It has no tokenizer."},
                      words);
  synthetic::MakeRequest request;
  WriteOptions write;
  ShowOptions show;
  arguments.add(request);
  arguments.describe("max-shard-size", {.placeholder = "SIZE"});
  arguments.add(write);
  arguments.describe("output", {.placeholder = "DIR", .help = "directory of the checkpoint", .short_name = "o"});
  arguments.describe("force", {.help = "replace a checkpoint directory that is there"});
  arguments.add(show);
  if (!arguments.parse()) return;
  arguments.require("output");
  check_writable(write.output, write.force);
  request.output = write.output;
  request.force = write.force;
  ConsoleProgress progress(show.quiet);
  const synthetic::SyntheticCheckpoint made = synthetic::make_checkpoint(request, progress);
  if (show.json) {
    return print_json({{"schema", "hies.made/1"},
                       {"output", write.output},
                       {"parameters", made.parameters},
                       {"tensor_bytes", made.tensor_bytes},
                       {"options", options_json(request)}});
  }
  if (show.quiet) return;
  print_out(fmt::format("{} parameters, {} in {}\n", human_count(static_cast<double>(made.parameters)),
                        human_bytes(static_cast<double>(made.tensor_bytes)), printable(write.output, 500)));
}

}  // namespace hies::cli
