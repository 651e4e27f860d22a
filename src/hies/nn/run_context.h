#pragma once

#include <memory>

#include <ATen/ATen.h>

#include "hies/model/batch.h"
#include "hies/model/recorder.h"
#include "hies/model/spec.h"
#include "hies/model/unit_table.h"
#include "hies/nn/batch_rows.h"
#include "hies/ops/attention.h"
#include "hies/ops/rotary.h"

namespace hies::nn {

// Which tokens' queries are computed: every one's, or only those that the result depends on (BatchRows::asked).
enum class QueryRows { all, asked };

// What the layers share during one run over a batch.
class RunContext {
 public:
  // What is referred to outlives the context. With a recorder its tables are made, of zeros.
  RunContext(const model::ModelSpec& spec, const model::Batch& batch, const model::Gates* gates,
             model::AttentionRecorder* recorder, at::Device device, const ops::AttentionOptions& options);
  RunContext(const RunContext&) = delete;
  RunContext& operator=(const RunContext&) = delete;

  const model::ModelSpec& spec() const noexcept { return spec_; }
  const model::Batch& batch() const noexcept { return batch_; }
  const BatchRows& rows() const noexcept { return rows_; }
  model::AttentionRecorder* recorder() const noexcept { return recorder_; }
  ops::AttentionKernels& kernels() const noexcept { return *kernels_; }
  // Returns the gates of the layer's heads [H], or null where all are 1.
  const std::vector<double>* gates(int layer) const;

  // Whether a backward pass follows.
  bool wants_inner() const noexcept { return recorder_ != nullptr && recorder_->want_inner; }
  // Whether the recorder needs the queries of tokens that the result does not depend on.
  bool wants_all_queries() const noexcept;
  // Whether the entropy is of each sequence's first token only.
  bool wants_first_entropy() const noexcept;
  // Layers that are run a second time record nothing: their entropies and norms are in the recorder already.
  bool recording() const noexcept { return recording_ && recorder_ != nullptr; }
  void set_recording(bool recording) noexcept { recording_ = recording; }

  // Rotates `count` vectors of each row in their own memory, where the model has rotary positions; `back`: the gradient.
  at::Tensor rotated(at::Tensor x, QueryRows rows, std::int64_t head_dim, std::int64_t count, std::int64_t step,
                     bool back = false);

  // Brings what was recorded on the device into the recorder. Called once, after the last pass.
  void finish();

 private:
  void make_tables();
  const ops::RopeAngles& angles(QueryRows rows, std::int64_t head_dim, at::ScalarType type);

  const model::ModelSpec& spec_;
  const model::Batch& batch_;
  const model::Gates* gates_;
  model::AttentionRecorder* recorder_;
  BatchRows rows_;
  std::unique_ptr<ops::AttentionKernels> kernels_;
  ops::RopeAngles all_angles_, asked_angles_;  // computed when they are first needed
  bool recording_ = true;
};

}  // namespace hies::nn
