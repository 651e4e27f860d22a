#include <fmt/format.h>

#include <vector>

#include "arguments.h"
#include "commands.h"
#include "common_options.h"
#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/explain/explain_run.h"
#include "hies/report/explanation.h"
#include "hies/report/page.h"
#include "hies/report/page_data.h"
#include "hies/report/text.h"
#include "hies/sweep/folder.h"
#include "human.h"
#include "named_paths.h"
#include "terminal.h"

namespace hies::cli {

void run_report(Words words) {
  Arguments arguments({"hies report",
                       "what sweeps have measured, and the examples of `hies explain`",
                       {"hies report DIR… -o report.html", "hies report DIR… --text"},
                       {"hies report study -o report.html"},
                       "The page is one file: it needs no network and no other file."},
                      words);
  std::vector<std::string> folders;
  bool text = false;
  WriteOptions write;
  ShowOptions show;
  arguments.positionals("DIR", folders, "directories of `hies sweep` and `hies explain`");
  arguments.add(write);
  arguments.describe("output", {.placeholder = "FILE", .help = "report.html to write", .short_name = "o"});
  arguments("text", text, "print summary, sparklines and tables instead");
  arguments.add(show);
  arguments.describe("json", {.help = "print the data of the page as one JSON document"});
  if (!arguments.parse()) return;
  if (write.output.empty() && !text && !show.json)
    throw Error(ErrorKind::bad_input, "neither --output nor --text says what to make", "give -o report.html, or --text");
  std::vector<NamedPath> inputs;
  for (const std::string& folder : folders) {
    inputs.push_back({"DIR", folder});
    for (const std::string_view file : {sweep::kSweepFile, evidence::kRecordsFile, sweep::kSummaryFile, explain::kExplainFile})
      inputs.push_back({"DIR", (std::filesystem::path(folder) / file).string()});
  }
  refuse_overlap({{"--output", write.output}}, inputs);
  if (!write.output.empty()) check_writable(write.output, write.force);

  std::vector<report::Sweep> sweeps;
  std::vector<report::Explanation> explanations;
  for (const std::string& folder : folders) {
    if (report::is_explanation(folder)) explanations.push_back(report::read_explanation(folder));
    else sweeps.push_back(report::read_sweep(folder));
  }
  if (text) print_out(report::text_report(sweeps));
  if (write.output.empty() && !show.json) return;
  const Json data = report::page_data(sweeps, explanations, HIES_VERSION);
  if (show.json) print_json(data);
  if (write.output.empty()) return;
  const std::string html = report::page(data);
  write_file(write.output, html, write.force);
  if (!show.quiet && !show.json)
    print_out(fmt::format("{} ({})\n", printable(write.output, 500), human_bytes(static_cast<double>(html.size()))));
}

}  // namespace hies::cli
