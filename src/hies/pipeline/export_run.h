#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "hies/base/progress.h"
#include "hies/export/gguf.h"
#include "hies/export/onnx.h"
#include "hies/export/transformers.h"

namespace hies::pipeline {

// Which form a checkpoint is written in, with the options of each.
struct ExportOptions {
  std::string to = "onnx";
  exports::OnnxOptions onnx = {};
  exports::TransformersOptions transformers = {};
  exports::GgufOptions gguf = {};
};

struct ExportRequest {
  std::filesystem::path model;   // checkpoint directory
  std::filesystem::path output;  // directory; of gguf a file
  bool force = false;            // replace `output`
  ExportOptions options = {};
};

struct ExportRun {
  struct File {
    std::string path;  // relative to the directory; of gguf the name of the file
    std::int64_t bytes = 0;
  };
  std::vector<File> files;              // the model's; not what was copied
  exports::TransformersForm form;       // of transformers
  std::string architecture = {};        // of gguf
  std::vector<std::string> notes = {};  // what a user should know of the result
};

// Returns the names of the forms.
const std::vector<std::string>& export_forms();

// Throws bad_input for a form that is not known, or a value that the form does not know.
void check_options(const ExportOptions& options);

// Writes a checkpoint into a directory, or a file, which appears whole or not at all. Throws what Checkpoint::open and the
// writers throw.
ExportRun run_export(const ExportRequest& request, Progress& progress = silent_progress());

// Writes an ONNX model beside the weights of a checkpoint that is in `folder`. Throws what Checkpoint::open and
// exports::write_onnx throw.
ExportRun add_onnx(const std::filesystem::path& folder, const exports::OnnxOptions& options, Progress& progress);

}  // namespace hies::pipeline
