#pragma once

#include <map>
#include <memory>

#include <ATen/ATen.h>

#include "hies/model/batch.h"
#include "hies/model/recorder.h"
#include "hies/model/spec.h"
#include "hies/model/unit_table.h"
#include "hies/nn/batch_rows.h"
#include "hies/nn/gradient_sink.h"
#include "hies/ops/attention.h"
#include "hies/ops/rotary.h"

namespace hies::nn {

// Which tokens' queries are computed: every one's, or only those that the result depends on (BatchRows::asked).
enum class QueryRows { all, asked };

// What the layers share during one run over a batch.
class RunContext {
 public:
  // What is referred to outlives the context. With a recorder its tables are made, of zeros.
  RunContext(const model::ModelSpec& spec, const model::Batch& batch, const model::Gates* gates, model::Recorder* recorder,
             at::Device device, const ops::AttentionOptions& options);
  // Lets every row leave the last layer, not only those that the task head reads.
  void keep_all_rows() noexcept { rows_.asks_all = true; }
  RunContext(const RunContext&) = delete;
  RunContext& operator=(const RunContext&) = delete;

  const model::ModelSpec& spec() const noexcept { return spec_; }
  const model::Batch& batch() const noexcept { return batch_; }
  const BatchRows& rows() const noexcept { return rows_; }
  model::Recorder* recorder() const noexcept { return recorder_; }
  ops::AttentionKernels& kernels() const noexcept { return *kernels_; }
  // Returns the gates of the layer's heads [H], or null where all are 1.
  const std::vector<double>* gates(int layer) const;
  // Returns the gates of the layer's neurons [1, F] in that type, undefined where all are 1.
  at::Tensor neuron_gates(int layer, at::ScalarType type);

  // Whether a backward pass records the gates of neurons.
  bool wants_neurons() const noexcept { return wants_inner() && recorder_->want_neurons; }
  // Records what the gates of the layer's neurons give: activations and the loss's gradient by what leaves their gates, both
  // [T or A, F].
  void record_neurons(int layer, QueryRows rows, const at::Tensor& of_gated, const at::Tensor& active);

  // Where a backward pass puts what gradients of weights are made of; null: nowhere.
  GradientSink* gradients() const noexcept { return gradients_; }
  void set_gradients(GradientSink* gradients) noexcept { gradients_ = gradients; }

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
  const std::vector<double>* gates_of(model::Site site) const;
  const ops::RopeAngles& angles(QueryRows rows, std::int64_t head_dim, at::ScalarType type);

  const model::ModelSpec& spec_;
  const model::Batch& batch_;
  const model::Gates* gates_;
  model::Recorder* recorder_;
  BatchRows rows_;
  std::unique_ptr<ops::AttentionKernels> kernels_;
  ops::RopeAngles all_angles_, asked_angles_;  // computed when they are first needed
  std::map<int, at::Tensor> neuron_gates_;     // by layer, where they were needed
  std::map<int, at::Tensor> neuron_sums_;      // by layer, what was recorded
  std::map<int, at::Tensor> neuron_inner_;
  bool recording_ = true;
  GradientSink* gradients_ = nullptr;
};

}  // namespace hies::nn
