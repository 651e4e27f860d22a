#include <fmt/format.h>

#include "arguments.h"
#include "commands.h"
#include "common_options.h"
#include "console_progress.h"
#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/pipeline/export_run.h"
#include "human.h"
#include "named_paths.h"
#include "terminal.h"

namespace hies::cli {
namespace {

Json export_json(const pipeline::ExportRequest& request, const pipeline::ExportRun& run) {
  const std::string& form = request.options.to;
  Json files = Json::array();
  for (const auto& file : run.files) files.push_back({{"path", file.path}, {"bytes", file.bytes}});
  Json json = {{"schema", "hies.export/1"}, {"to", form}, {"output", request.output.string()}, {"files", files}};
  if (form == "gguf") json["architecture"] = run.architecture;
  if (form == "transformers") {
    json["form"] = run.form.form;
    json["why"] = run.form.why;
    json["zeros"] = {{"heads", run.form.heads}, {"neurons", run.form.neurons}};
  }
  json["notes"] = run.notes;
  json["options"] = form == "onnx"   ? options_json(request.options.onnx)
                    : form == "gguf" ? options_json(request.options.gguf)
                                     : options_json(request.options.transformers);
  return json;
}

std::string export_text(const pipeline::ExportRequest& request, const pipeline::ExportRun& run) {
  std::string text;
  const bool one_file = request.options.to == "gguf";
  for (const auto& file : run.files)
    text += fmt::format("{} {}\n", printable((one_file ? request.output : request.output / file.path).string(), 500),
                        human_bytes(static_cast<double>(file.bytes)));
  if (!run.architecture.empty()) text += fmt::format("architecture {} of llama.cpp\n", run.architecture);
  if (!run.form.form.empty()) text += fmt::format("form {}: {}\n", run.form.form, run.form.why);
  if (run.form.heads + run.form.neurons > 0)
    text += fmt::format("{} heads and {} neurons of zeros were added\n", run.form.heads, run.form.neurons);
  for (const std::string& note : run.notes) text += fmt::format("note: {}\n", note);
  return text;
}

// Throws bad_input when an option of a form that is not written was given, except those that this form has, too.
template <class Options>
void refuse_others(const Arguments& arguments, const pipeline::ExportRequest& request, std::string_view form,
                   const Options& options, std::string_view shared_with, std::string_view shared) {
  if (request.options.to == form) return;
  const auto refuse = [&](std::string_view field, const auto&, std::string_view) {
    if (field == shared && request.options.to == shared_with) return;
    if (arguments.given(flag_of(field))) bad_input("--{} is for --to {}", flag_of(field), form);
  };
  nested_fields(refuse, options);
}

}  // namespace

void run_export(Words words) {
  Arguments arguments({"hies export",
                       "write a checkpoint, pruned or not, in a form that other programs open",
                       {"hies export MODEL --to onnx -o DIR", "hies export MODEL --to transformers -o DIR",
                        "hies export MODEL --to gguf -o FILE.gguf"},
                       {"hies export examples/demo-sst2 --to onnx -o demo-onnx"}},
                      words);
  std::string folder;
  pipeline::ExportRequest request;
  WriteOptions write;
  ShowOptions show;
  arguments.positional("MODEL", folder, kModelHelp);
  arguments("to", request.options.to, "form: onnx, transformers (what stock transformers loads) or gguf (llama.cpp)");
  arguments.describe("to", {.placeholder = "FORM"});
  arguments.add(write);
  arguments.describe("output", {.placeholder = "DIR", .help = "directory of the result; of gguf a file", .short_name = "o"});
  arguments.describe("force", {.help = "replace a checkpoint directory or a file that is there"});
  arguments.add(show);
  arguments.heading("ONNX");
  arguments.add(request.options.onnx);
  arguments.heading("transformers");
  arguments.add(request.options.transformers);
  arguments.describe("max-shard-size", {.placeholder = "SIZE"});
  arguments.heading("GGUF");
  arguments.add(request.options.gguf);
  arguments.describe(
      "dtype",
      {.help = "of the weights. ONNX: float32, or float16, which is for GPUs. GGUF: auto (as stored), f32, f16, bf16, q8_0"});
  if (!arguments.parse()) return;
  arguments.require("output");
  refuse_others(arguments, request, "onnx", request.options.onnx, "gguf", "dtype");
  refuse_others(arguments, request, "transformers", request.options.transformers, "", "");
  refuse_overlap({{"--output", write.output}}, {{"MODEL", folder}});
  check_writable(write.output, write.force);
  request.model = folder;
  request.output = write.output;
  request.force = write.force;
  ConsoleProgress progress(show.quiet);
  const pipeline::ExportRun run = pipeline::run_export(request, progress);
  if (show.json) return print_json(export_json(request, run));
  if (!show.quiet) print_out(export_text(request, run));
}

}  // namespace hies::cli
