#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "hies/arch/checkpoint.h"
#include "hies/base/progress.h"
#include "hies/export/options.h"
#include "hies/formats/onnx_writer.h"

namespace hies::exports {

// Returns an encoder as an ONNX graph of plain operators. Its inputs are input_ids, attention_mask and token_type_ids, or pixel_values,
// its output logits or last_hidden_state, with the axes batch_size and sequence_length. The checkpoint must outlive it. Throws as
// check_options does, and unsupported for a decoder.
formats::OnnxModel onnx_model(const arch::Checkpoint& checkpoint, const OnnxOptions& options);

// What was written.
struct OnnxFile {
  std::string path;                        // relative to the folder: "onnx/model.onnx"
  std::int64_t bytes = 0, data_bytes = 0;  // of the model, of the file of weights beside it
};

// Writes the model into `folder` (an AtomicDirectory's): onnx/model.onnx, or onnx/model_fp16.onnx, as transformers.js and Optimum name
// them. Throws as onnx_model and formats::write_onnx do.
OnnxFile write_onnx(const arch::Checkpoint& checkpoint, const OnnxOptions& options, const std::filesystem::path& folder,
                    Progress& progress);

// Returns the text of config.json beside the model: the checkpoint's, to the byte; but where weights are in a second file,
// transformers.js learns of it there.
std::string config_beside(const arch::Checkpoint& checkpoint, const OnnxFile& file);

// Throws unsupported for a model that onnx_model does not write: for early refusal, before long work.
void check_onnx(const arch::Checkpoint& checkpoint);

// Writes a directory of the model and all that a program needs beside it: config.json, the tokenizer or the image processor, README.md.
// Throws as write_onnx does; io.
OnnxFile write_onnx_directory(const arch::Checkpoint& checkpoint, const OnnxOptions& options, const std::filesystem::path& folder,
                              Progress& progress);

}  // namespace hies::exports
