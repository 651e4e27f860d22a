#include "hies/export/onnx.h"

#include <limits>

#include <fmt/format.h>

#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/export/onnx_block.h"
#include "hies/export/onnx_embedding.h"
#include "hies/export/onnx_head.h"
#include "hies/prune/side_files.h"

namespace hies::exports {
namespace {

namespace fs = std::filesystem;
using arch::Checkpoint;
using formats::DType;

DType dtype_of(const OnnxOptions& options) { return options.dtype == "float16" ? DType::float16 : DType::float32; }

// The mask [B, T] as what is added to the scores of keys: 0 for real tokens, the lowest number for padding.
Value added_mask(OnnxGraph& graph, const Value& mask) {
  const OnnxGraph::Scope scope(graph, "mask");
  const double lowest = graph.dtype() == DType::float16 ? -65504 : std::numeric_limits<float>::lowest();
  const Value spread = graph.add("Unsqueeze", {mask, graph.integers({1, 2})});
  const Value padding = graph.add("Sub", {graph.number(1), graph.cast(spread, graph.dtype())});
  return graph.add("Mul", {padding, graph.number(lowest)});
}

void add_encoder(const OnnxLayers& layers, const model::ModelSpec& spec, bool any_size) {
  OnnxRun run;
  Value hidden;
  if (spec.reads_images()) {
    hidden = onnx_image_embedding(layers, spec, any_size || spec.vision.any_size);
  } else {
    const OnnxText text = onnx_text_inputs(layers, spec);
    hidden = onnx_text_embedding(layers, spec, text);
    run.mask = added_mask(layers.graph(), text.mask);
  }
  for (int layer = 0; layer < spec.layer_count(); ++layer) {
    const bool last = layer + 1 == spec.layer_count();
    hidden = onnx_block(layers, spec, layer, hidden, run, last ? rows_of_head(spec) : 0);
  }
  onnx_encoder_head(layers, spec, hidden);
}

bool is_external(const formats::OnnxModel& model, const std::string& choice) {
  // Below the limit of Protocol Buffers, so that programs that add to the model can still write it.
  constexpr std::uint64_t kLargest = 2'000'000'000;
  return choice == "always" || (choice == "auto" && formats::onnx_bytes(model) > kLargest);
}

}  // namespace

void check_options(const OnnxOptions& options) {
  if (options.opset != 17)
    throw Error(ErrorKind::unsupported, fmt::format("`opset` is {}, but only 17 is written", options.opset),
                "runtimes read models of older opsets; onnx.version_converter makes newer ones");
  if (options.dtype != "float32" && options.dtype != "float16")
    bad_input("`dtype` is '{}', but it must be float32 or float16", printable(options.dtype));
  if (options.external_data != "auto" && options.external_data != "always" && options.external_data != "never")
    bad_input("`external_data` is '{}', but it must be auto, always or never", printable(options.external_data));
}

void check_onnx(const Checkpoint& checkpoint) {
  if (checkpoint.spec().causal)
    throw Error(ErrorKind::unsupported,
                fmt::format("{} is a decoder, which is not written as ONNX", checkpoint.folder().string()),
                "encoders of texts and images are");
}

std::string config_beside(const Checkpoint& checkpoint, const OnnxFile& file) {
  if (file.data_bytes == 0) return read_file(checkpoint.folder() / "config.json");
  Json config = checkpoint.config();
  if (!config["transformers.js_config"].is_object()) config["transformers.js_config"] = Json::object();
  config["transformers.js_config"]["use_external_data_format"] = true;
  return pretty_python(config);
}

formats::OnnxModel onnx_model(const Checkpoint& checkpoint, const OnnxOptions& options) {
  check_options(options);
  const model::ModelSpec& spec = checkpoint.spec();
  if (spec.causal)
    throw Error(ErrorKind::unsupported,
                fmt::format("{} is a decoder, which is not written as ONNX", checkpoint.folder().string()),
                "encoders of texts and images are");
  OnnxGraph graph(dtype_of(options));
  const Weights weights(checkpoint, graph.dtype());
  add_encoder(OnnxLayers(graph, weights), spec, options.any_size);
  formats::OnnxModel model = graph.take();
  model.name = spec.model_type;
  model.opsets = {{"", options.opset}};
  model.producer = "hies";
  model.metadata = {{"hies.model_type", spec.model_type}, {"hies.source_hash", checkpoint.hash()}};
  return model;
}

OnnxFile write_onnx(const Checkpoint& checkpoint, const OnnxOptions& options, const fs::path& folder, Progress& progress) {
  const formats::OnnxModel model = onnx_model(checkpoint, options);
  OnnxFile written{options.dtype == "float16" ? "onnx/model_fp16.onnx" : "onnx/model.onnx"};
  const fs::path path = folder / written.path;
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  if (error) io_error("cannot create {}: {}", path.parent_path().string(), error.message());
  const bool external = is_external(model, options.external_data);
  formats::write_onnx(path, model, external, progress);
  written.bytes = static_cast<std::int64_t>(fs::file_size(path));
  if (external) written.data_bytes = static_cast<std::int64_t>(fs::file_size(fs::path(path.string() + "_data")));
  return written;
}

OnnxFile write_onnx_directory(const Checkpoint& checkpoint, const OnnxOptions& options, const fs::path& folder,
                              Progress& progress) {
  // Weights in other formats stay behind in silence: the model is written in their place.
  prune::copy_side_files(checkpoint.folder(), checkpoint.store(), folder, silent_progress());
  prune::write_readme(checkpoint.folder(), "", folder);
  const OnnxFile written = write_onnx(checkpoint, options, folder, progress);
  write_file(folder / "config.json", config_beside(checkpoint, written), false);
  return written;
}

}  // namespace hies::exports
