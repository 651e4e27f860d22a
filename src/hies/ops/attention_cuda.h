#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include <ATen/ATen.h>

#include "hies/kernels/attention.h"
#include "hies/kernels/cuda/hies_cuda.h"
#include "hies/model/heads.h"
#include "hies/model/probe.h"

namespace hies::model {

// AttentionRun's kernel calls where tensors live on a GPU. Nothing waits for the GPU until collect(): what the probe wants is summed
// up there.
class GpuAttention {
 public:
  GpuAttention(const HeadLayout& layout, std::int64_t sequences, const AttentionProbe* probe, at::Device device);

  // As kernels::attention_forward: offsets and lists of heads stand on the host, rows and lse on the GPU. note_layer: the layer that
  // entropies are added to, −1: none.
  void forward(const kernels::AttentionShape& shape, const kernels::AttentionForward& arguments, int note_layer);
  // As kernels::attention_backward; inner products are added to the layer's, arguments.head_inner is not used.
  void backward(const kernels::AttentionShape& shape, const kernels::AttentionBackward& arguments, int layer);
  void note_out_sq(const kernels::AttentionShape& shape, const kernels::Strided& out, int layer);

  // Waits for the GPU and brings its sums into the probe.
  void collect(AttentionProbe& probe) const;

 private:
  enum class Note { inner, inner_abs, entropy, out_sq };
  static constexpr int kNotes = 4;
  double* note(int layer, Note which) const;
  const std::int32_t* on_gpu(const std::vector<std::int32_t>& values);
  const std::int32_t* on_gpu(const std::int64_t* values, std::int64_t count);
  hies_cuda_shape shape_of(const kernels::AttentionShape& shape, const std::uint8_t* skip_head);

  // dQ, dK and dV by cuDNN: two to three times as fast as the plug-in's on long sequences, for which it gives up that every run adds up
  // in the same order. False where it does not take the problem.
  bool backward_by_cudnn(const kernels::AttentionShape& shape, const hies_cuda_shape& made,
                         const kernels::AttentionBackward& arguments);

  const HeadLayout& layout_;
  std::int64_t sequences_, most_heads_ = 0;
  at::Device device_;
  at::Tensor notes_;                                       // [L, 4, B·most heads] f64
  std::map<std::vector<std::int32_t>, at::Tensor> lists_;  // by what they hold: layers share most of them
};

}  // namespace hies::model
