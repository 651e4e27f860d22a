#pragma once

#include <memory>
#include <vector>

#include <ATen/ATen.h>

#include "hies/kernels/attention.h"
#include "hies/model/batch.h"
#include "hies/model/heads.h"
#include "hies/model/probe.h"

namespace hies::model {

// Which tokens ask: every one, or only the first of each sequence.
enum class QueryRows { all, first };

// The attention of one forward (and backward) pass: calls the kernels, applies the gates, fills the probe. Lives until the
// backward pass is over.
class AttentionRun {
 public:
  // With probe->want_inner the caller runs a backward pass afterwards, then finish().
  AttentionRun(const HeadLayout& layout, const Batch& batch, const HeadGates* gates, AttentionProbe* probe);
  AttentionRun(const AttentionRun&) = delete;
  AttentionRun& operator=(const AttentionRun&) = delete;
  ~AttentionRun();

  bool wants_inner() const noexcept { return probe_ != nullptr && probe_->want_inner; }
  // Whether the probe needs the queries of tokens that the result does not depend on.
  bool wants_all_queries() const noexcept { return probe_ != nullptr && (probe_->want_entropy || probe_->want_out_sq); }

  // query [T or B, H·D], key and value [T, K·D] → gated head outputs [T or B, H·D]. With QueryRows::all the probe's entropy and
  // norms are noted on the way.
  at::Tensor attend(int layer, const at::Tensor& query, const at::Tensor& key, const at::Tensor& value, QueryRows rows);
  // Notes entropy and norms of every token, without a result.
  void observe(int layer, const at::Tensor& query, const at::Tensor& key, const at::Tensor& value);
  // After backward(): the inner products of the first attention output, below which there is no graph.
  void finish();

 private:
  friend struct AttentionFunction;
  struct Call;  // what one kernel call needs; kept by the autograd graph
  Call& add_call(int layer, QueryRows rows, at::ScalarType type);
  at::Tensor forward(Call& call, const at::Tensor& query, const at::Tensor& key, const at::Tensor& value, bool want_output,
                     bool note);
  // saved: query, key, value, out. wanted: their gradients, undefined where none is needed. Notes the inner products.
  void backward(Call& call, const std::vector<at::Tensor>& saved, const at::Tensor& gradient,
                const std::vector<at::Tensor>& wanted);
  void note_inner(const Call& call, const at::Tensor& per_token);
  void note_out_sq(const Call& call, const at::Tensor& out);
  at::Tensor gated(int layer, const at::Tensor& out) const;

  const HeadLayout& layout_;
  const Batch& batch_;
  const HeadGates* gates_;
  AttentionProbe* probe_;
  std::vector<std::int64_t> one_query_;  // [B+1] 0 … B: offsets when only first tokens ask
  std::vector<std::unique_ptr<Call>> calls_;
  Call* leaf_call_ = nullptr;  // the call whose output starts the autograd graph: nothing below it needs a gradient
  at::Tensor leaf_;
};

}  // namespace hies::model
