#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "hies/base/progress.h"
#include "hies/export/onnx.h"

namespace hies::pipeline {

// Which form a checkpoint is written in.
struct ExportOptions {
  std::string to = "onnx";
  exports::OnnxOptions onnx = {};

  template <class V, class Self>
  static void fields(V& v, Self& self) {
    v("to", self.to, "form: onnx");
    nested_fields(v, self.onnx);
  }
};

struct ExportRequest {
  std::filesystem::path model;   // checkpoint directory
  std::filesystem::path output;  // directory
  bool force = false;            // replace `output`
  ExportOptions options = {};
};

struct ExportRun {
  exports::OnnxFile file;
  std::vector<std::string> notes;  // what a user should know of the result
};

// Throws bad_input for a form or a value that is not known.
void check_options(const ExportOptions& options);

// Writes a checkpoint into a directory, which appears whole or not at all. Throws what Checkpoint::open and the writers throw.
ExportRun run_export(const ExportRequest& request, Progress& progress = silent_progress());

// Writes the form beside the weights of a checkpoint that is being written to `folder`.
ExportRun add_export(const std::filesystem::path& folder, const ExportOptions& options, Progress& progress);

}  // namespace hies::pipeline
