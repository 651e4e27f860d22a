#include "hies/pipeline/export_run.h"

#include <algorithm>

#include <fmt/format.h>

#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/base/suggest.h"
#include "hies/data/preprocessor.h"
#include "hies/image/processor.h"

namespace hies::pipeline {
namespace {

namespace fs = std::filesystem;
using arch::Checkpoint;

// Images that the checkpoint's processor makes may have another size than the model's positions.
bool reads_other_sizes(const Checkpoint& checkpoint) {
  const model::VisionSpec& vision = checkpoint.spec().vision;
  const data::Preprocessor preprocessor = data::load_preprocessor(checkpoint);
  const auto size = std::get<image::Processor>(preprocessor).output_size();
  return size != image::Size{vision.height, vision.width};
}

exports::OnnxOptions onnx_options(const Checkpoint& checkpoint, exports::OnnxOptions options) {
  if (checkpoint.spec().reads_images() && !options.any_size) options.any_size = reads_other_sizes(checkpoint);
  return options;
}

// What programs need beside the model and will not find.
std::vector<std::string> notes_of(const Checkpoint& checkpoint) {
  const fs::path& folder = checkpoint.folder();
  if (checkpoint.spec().reads_images()) {
    if (is_there(folder / "preprocessor_config.json")) return {};
    return {"there is no preprocessor_config.json, by which transformers.js and Optimum make the model's input"};
  }
  if (is_there(folder / "tokenizer.json")) return {};
  return {
      "there is no tokenizer.json, which transformers.js needs: AutoTokenizer.from_pretrained(…).save_pretrained(…) writes it"};
}

ExportRun run_of(const exports::OnnxFile& file, const Checkpoint& checkpoint) {
  ExportRun run{{{file.path, file.bytes}}, {}, {}, notes_of(checkpoint)};
  if (file.data_bytes > 0) run.files.push_back({file.path + "_data", file.data_bytes});
  return run;
}

ExportRun run_of(const exports::TransformersForm& form, const fs::path& folder) {
  ExportRun run{{}, form};
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == ".safetensors")
      run.files.push_back({entry.path().filename().string(), static_cast<std::int64_t>(entry.file_size())});
  std::sort(run.files.begin(), run.files.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  return run;
}

ExportRun export_gguf(const ExportRequest& request, Progress& progress) {
  check_writable(request.output, request.force);
  const Checkpoint checkpoint = Checkpoint::open(request.model, progress);
  const exports::GgufFile file = exports::write_gguf(checkpoint, request.options.gguf, request.output, request.force, progress);
  return {{{request.output.filename().string(), file.bytes}}, {}, file.architecture, file.notes};
}

}  // namespace

const std::vector<std::string>& export_forms() {
  static const std::vector<std::string> kForms = {"onnx", "transformers", "gguf"};
  return kForms;
}

void check_options(const ExportOptions& options) {
  const std::vector<std::string>& forms = export_forms();
  if (std::find(forms.begin(), forms.end(), options.to) == forms.end())
    throw Error(ErrorKind::bad_input, fmt::format("`to` is '{}', which is no form", printable(options.to)),
                known_names_hint(options.to, forms));
  if (options.to == "onnx") exports::check_options(options.onnx);
  else if (options.to == "gguf") exports::check_options(options.gguf);
  else exports::check_options(options.transformers);
}

ExportRun run_export(const ExportRequest& request, Progress& progress) {
  check_options(request.options);
  if (request.options.to == "gguf") return export_gguf(request, progress);
  AtomicDirectory output(request.output, request.force);
  const Checkpoint checkpoint = Checkpoint::open(request.model, progress);
  const auto write = [&] {
    if (request.options.to == "transformers")
      return run_of(exports::write_transformers(checkpoint, request.options.transformers, output.folder(), progress),
                    output.folder());
    const exports::OnnxOptions options = onnx_options(checkpoint, request.options.onnx);
    return run_of(exports::write_onnx_directory(checkpoint, options, output.folder(), progress), checkpoint);
  };
  ExportRun run = write();
  output.commit();
  return run;
}

ExportRun add_onnx(const fs::path& folder, const exports::OnnxOptions& options, Progress& progress) {
  const Checkpoint checkpoint = Checkpoint::open(folder);
  const exports::OnnxFile file = exports::write_onnx(checkpoint, onnx_options(checkpoint, options), folder, progress);
  if (file.data_bytes > 0) write_file(folder / "config.json", exports::config_beside(checkpoint, file), true);
  return run_of(file, checkpoint);
}

}  // namespace hies::pipeline
