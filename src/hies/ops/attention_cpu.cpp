#include <cmath>

#include "hies/ops/attention.h"

namespace hies::ops {
namespace {

// Calls visit(b·H + head) for every query token and head, in that order.
template <class Visit>
void for_each_token_head(const kernels::AttentionShape& shape, const Visit& visit) {
  for (std::int64_t b = 0; b < shape.sequences; ++b)
    for (std::int64_t t = shape.query_offsets[b]; t < shape.query_offsets[b + 1]; ++t)
      for (std::int64_t head = 0; head < shape.heads; ++head) visit(static_cast<std::size_t>(b * shape.heads + head));
}

class CpuAttention : public AttentionKernels {
 public:
  explicit CpuAttention(model::Recorder* recorder) : recorder_(recorder) {}

  void forward(const kernels::AttentionShape& shape, kernels::AttentionForward arguments, int record_layer) override {
    if (record_layer >= 0) {
      arguments.entropy = records(record_layer).entropy.data();
      arguments.entropy_queries = records(record_layer).entropy_queries.data();
    }
    kernels::attention_forward(shape, arguments);
  }

  void backward(const kernels::AttentionShape& shape, kernels::AttentionBackward arguments, int layer) override {
    const at::Tensor inner = row_statistics(shape, at::kCPU);
    arguments.head_inner = inner.data_ptr();
    kernels::attention_backward(shape, arguments);
    const at::Tensor values = inner.to(at::kDouble);
    const double* value = values.const_data_ptr<double>();
    for_each_token_head(shape, [&](std::size_t sequence_head) {
      records(layer).inner[sequence_head] += *value;
      records(layer).inner_abs[sequence_head] += std::abs(*value);
      ++value;
    });
  }

  void record_squares(const kernels::AttentionShape& shape, const at::Tensor& out, int layer) override {
    const at::Tensor squares = out.to(at::kDouble).square().view({out.size(0), shape.heads, shape.head_dim}).sum(-1);
    const double* value = squares.const_data_ptr<double>();
    for_each_token_head(shape, [&](std::size_t sequence_head) { records(layer).out_sq[sequence_head] += *value++; });
  }

  void collect() override {}

 private:
  model::Recorder::Layer& records(int layer) const { return recorder_->layers[static_cast<std::size_t>(layer)]; }
  model::Recorder* recorder_;
};

}  // namespace

std::unique_ptr<AttentionKernels> attention_kernels_cpu(model::Recorder* recorder) {
  return std::make_unique<CpuAttention>(recorder);
}

}  // namespace hies::ops
