#pragma once

#include <cstdint>
#include <memory>

#include <ATen/ATen.h>

#include "hies/kernels/attention.h"
#include "hies/model/layout.h"
#include "hies/model/recorder.h"

namespace hies::ops {

// One vector of D numbers per head and row: that of the i-th head in row t begins at rows[t, first + i·step].
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

// Return where vectors of heads stand, for the kernels. Of a tensor [T, heads·D]: one head after the other.
kernels::Strided strided(const HeadColumns& columns);
kernels::Strided strided(const at::Tensor& tensor, std::int64_t head_dim);
// Returns the kernels' element type. Throws internal for a type that they do not have.
kernels::DType kernel_type(at::ScalarType type);
// Returns memory for a number of each query token and head [T, H]: float64 for float64, else float32.
at::Tensor row_statistics(const kernels::AttentionShape& shape, at::Device device);

// The attention kernels of one device during one run, and the sums over tokens that the run records for every (sequence, head).
class AttentionKernels {
 public:
  virtual ~AttentionKernels() = default;
  // Runs kernels::attention_forward; offsets and lists of heads stand on the host, rows and lse on the device. `record_layer`: the layer
  // whose entropies are recorded, −1: none.
  virtual void forward(const kernels::AttentionShape& shape, kernels::AttentionForward arguments, int record_layer) = 0;
  // Runs kernels::attention_backward and records the inner products of `layer`; arguments.head_inner is not used.
  virtual void backward(const kernels::AttentionShape& shape, kernels::AttentionBackward arguments, int layer) = 0;
  // Records the sums of squares of outputs [T, H·D].
  virtual void record_squares(const kernels::AttentionShape& shape, const at::Tensor& out, int layer) = 0;
  // Brings all sums into the recorder; on a GPU nothing waits for the device before that.
  virtual void collect() = 0;
};

// How a run uses a GPU.
struct AttentionOptions {
  bool deterministic = false;  // gradients are summed in one fixed order
  bool tf32 = false;           // float32 products are in TF32
};

// Returns the kernels of `device`. `recorder` may be null, and outlives them, as `layout` does.
std::unique_ptr<AttentionKernels> attention_kernels(const model::Layout& layout, std::int64_t sequences,
                                                    model::Recorder* recorder, at::Device device,
                                                    const AttentionOptions& options);
// The two implementations (attention_cpu.cpp, attention_cuda.cpp).
std::unique_ptr<AttentionKernels> attention_kernels_cpu(model::Recorder* recorder);
std::unique_ptr<AttentionKernels> attention_kernels_cuda(const model::Layout& layout, std::int64_t sequences,
                                                         model::Recorder* recorder, at::Device device,
                                                         const AttentionOptions& options);

}  // namespace hies::ops
