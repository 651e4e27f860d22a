#pragma once

#include <memory>
#include <vector>

#include <ATen/ATen.h>

#include "hies/kernels/attention.h"
#include "hies/model/attention_gpu_torch.h"
#include "hies/model/batch.h"
#include "hies/model/batch_rows_torch.h"
#include "hies/model/heads.h"
#include "hies/model/probe.h"
#include "hies/model/rope_torch.h"
#include "hies/model/spec.h"

namespace hies::model {

// Which tokens ask: every one, or only those that the result depends on (BatchRows::asked).
enum class QueryRows { all, asked };

// One vector of D numbers per head and row: that of the i-th head in row t starts at rows[t, first + i·step].
struct HeadColumns {
  at::Tensor rows;  // [T or A, …]
  std::int64_t first = 0;
  std::int64_t step = 0;
};

// What attention reads. Keys and values stand in one tensor, which is the queries' as well when every token asks; between them they
// fill their tensors.
struct Projected {
  HeadColumns query, key, value;
};

// The attention of one forward (and backward) pass: calls the kernels, applies the gates, fills the probe. Lives until the
// backward pass is over.
class AttentionRun {
 private:
  struct Call;  // what one kernel call needs; kept where a backward pass follows

 public:
  // With probe->want_inner the caller runs a backward pass afterwards, then finish(). Layers that are run without a graph are run
  // again with one.
  AttentionRun(const ModelSpec& spec, const Batch& batch, const HeadGates* gates, AttentionProbe* probe, at::Device device);
  AttentionRun(const AttentionRun&) = delete;
  AttentionRun& operator=(const AttentionRun&) = delete;
  ~AttentionRun();

  bool wants_inner() const noexcept { return probe_ != nullptr && probe_->want_inner; }
  // Whether the probe needs the queries of tokens that the result does not depend on.
  bool wants_all_queries() const noexcept {
    return probe_ != nullptr && ((probe_->want_entropy && !of_first()) || probe_->want_out_sq || probe_->want_attention);
  }
  const BatchRows& rows() const noexcept { return rows_; }
  // Rotates queries or keys in their own memory, if the model does (rotate_).
  at::Tensor rotated(at::Tensor x, QueryRows rows, std::int64_t head_dim, std::int64_t count, std::int64_t step);

  // Outputs [T or A, H·D] of `heads`: all that the layer has, gated; or, in a run without gates and probe, any of them. With
  // QueryRows::all the probe's entropy and norms are noted on the way.
  at::Tensor attend(int layer, const LayerHeads& heads, const Projected& projected, QueryRows rows);
  // What the backward pass of one attention needs where there is no graph.
  struct Tape {
    Call* call = nullptr;
    at::Tensor query, key_value, out;
  };
  // Whether the GPU's passes without a graph may be used.
  bool may_tape() const noexcept { return gpu_ != nullptr && gates_ == nullptr && wants_inner(); }
  // attend() of all tokens and all of the layer's heads. In layer 0 only inner products can be asked for afterwards.
  at::Tensor attend(int layer, const Projected& projected, Tape& tape);
  // Gradients by the rows of queries and by those of keys and values (undefined where they are one tensor); notes inner products.
  std::vector<at::Tensor> backward(const Tape& tape, const at::Tensor& gradient);
  // Notes inner products alone.
  void backward_of_first(const Tape& tape, const at::Tensor& gradient);
  // Undoes rotated() on a gradient, in its own memory.
  at::Tensor rotated_back(at::Tensor x, std::int64_t head_dim, std::int64_t count, std::int64_t step);

  // Notes entropy and norms of every token of all the layer's heads, without a result.
  void observe(int layer, const Projected& projected);
  // Whether attend() and observe() fill the probe's entropy and norms: not where layers are run a second time.
  void set_noting(bool noting) noexcept { noting_ = noting; }
  // After the last pass: the inner products of the first attention output, below which there is no graph, and what a GPU has noted.
  void finish();

 private:
  friend struct AttentionFunction;
  std::unique_ptr<Call> make_call(int layer, const LayerHeads& heads, const Projected& projected, QueryRows rows);
  // What the kernels read; no output yet.
  static kernels::AttentionForward arguments_of(const Call& call, const Projected& projected);
  at::Tensor forward(const Call& call, const Projected& projected, bool want_output, bool note);
  // Whether the entropy is of each sequence's first token only.
  bool of_first() const noexcept { return probe_->entropy_tokens == EntropyTokens::first; }
  // Notes that entropy, if it is wanted.
  void note_first(int layer, const LayerHeads& heads, const Projected& projected, QueryRows rows);
  // saved: query rows, key and value rows, output. Returns the gradients of both kinds of rows; undefined for the latter when it is
  // in the former. Notes the inner products.
  std::vector<at::Tensor> backward(const Call& call, const std::vector<at::Tensor>& saved, const at::Tensor& gradient);
  // Inner products of outputs and their gradients alone.
  void note_outputs(const Call& call, const at::Tensor& out, const at::Tensor& gradient);
  // The kernels' calls, on the CPU or the GPU; inner products are noted.
  void run_forward(const Call& call, const kernels::AttentionForward& arguments, bool note_entropy);
  void run_backward(const Call& call, kernels::AttentionBackward& arguments);
  void note_inner(const Call& call, const at::Tensor& per_token);
  void note_out_sq(const Call& call, const at::Tensor& out);
  void note_attention(const Call& call, const Projected& projected);
  at::Tensor gated(int layer, const at::Tensor& out) const;

  const RopeAngles& angles(QueryRows rows, std::int64_t head_dim, at::ScalarType type);

  const ModelSpec& spec_;
  const HeadLayout& layout_;
  const Batch& batch_;
  const HeadGates* gates_;
  AttentionProbe* probe_;
  BatchRows rows_;
  std::unique_ptr<GpuAttention> gpu_;   // null on the CPU
  RopeAngles all_angles_, asked_angles_;  // made when they are first needed
  std::vector<std::unique_ptr<Call>> calls_;
  bool noting_ = true;
  Call* leaf_call_ = nullptr;  // the call whose output starts the autograd graph: nothing below it needs a gradient
  at::Tensor leaf_;
};

}  // namespace hies::model
