#include <algorithm>
#include <map>

#include <ATen/ops/_scaled_dot_product_cudnn_attention_backward.h>

#include "hies/base/error.h"
#include "hies/kernels/cuda/hies_cuda.h"
#include "hies/kernels/cuda/plugin.h"
#include "hies/ops/attention.h"
#include "hies/ops/cuda.h"
#include "hies/ops/tensors.h"

namespace hies::ops {
namespace {

using kernels::cuda::check_call;
using kernels::cuda::plugin;

hies_cuda_rows rows_of(const kernels::Strided& rows) { return {rows.data, rows.token_stride, rows.head_stride}; }

std::int32_t longest(const std::int64_t* offsets, std::int64_t sequences) {
  std::int64_t greatest = 0;
  for (std::int64_t b = 0; b < sequences; ++b) greatest = std::max(greatest, offsets[b + 1] - offsets[b]);
  return static_cast<std::int32_t>(greatest);
}

// Shorter ones are quicker with the plug-in's own kernels.
constexpr std::int64_t kCudnnTokens = 256;

bool cudnn_takes(const kernels::AttentionShape& shape, const hies_cuda_shape& made, const kernels::AttentionBackward& arguments) {
  if (made.dtype != HIES_CUDA_BFLOAT16 || made.skip_head != nullptr || shape.window > 0 || shape.head_dim % 8 != 0 ||
      shape.head_dim > 128 || shape.heads % shape.kv_heads != 0)
    return false;
  if (arguments.dq.data == nullptr || arguments.dk.data == nullptr || arguments.dv.data == nullptr) return false;
  const std::int64_t tokens = made.longest_queries;
  if (tokens < kCudnnTokens) return false;
  for (std::int64_t b = 1; b <= shape.sequences; ++b)
    if (shape.query_offsets[b] != b * tokens || shape.key_offsets[b] != b * tokens) return false;
  for (std::int64_t head = 0; head < shape.heads; ++head)
    if (shape.kv_of_head[head] != head / (shape.heads / shape.kv_heads)) return false;
  return true;
}

// Rows of equally long sequences as [B, heads, T, D].
at::Tensor as_batch(const kernels::Strided& rows, const hies_cuda_shape& made, std::int64_t heads, at::Device device) {
  const std::int64_t tokens = made.longest_queries;
  return at::from_blob(rows.data, {made.sequences, heads, tokens, made.head_dim},
                       {tokens * rows.token_stride, rows.head_stride, rows.token_stride, 1},
                       at::TensorOptions().dtype(at::kBFloat16).device(device));
}

// Gradients [B, heads, T, D] into the rows where they belong.
struct Placed {
  at::Tensor from;
  kernels::Strided to;
  std::int64_t heads;
};
void put(const hies_cuda_shape& made, const std::vector<Placed>& all) {
  std::vector<hies_cuda_copy> copies;
  for (const auto& [from, to, heads] : all) {
    const bool packed = from.stride(3) == 1 && from.stride(0) == from.stride(2) * from.size(2);
    if (!packed) {
      as_batch(to, made, heads, from.device()).copy_(from);
      continue;
    }
    copies.push_back({{from.data_ptr(), from.stride(2), from.stride(1)}, rows_of(to), static_cast<std::int32_t>(heads)});
  }
  if (copies.empty()) return;
  check_call(plugin().copy_rows(copies.data(), static_cast<std::int32_t>(copies.size()), made.query_tokens, made.head_dim,
                                cuda_stream(all.front().from.device())),
             "placing gradients of attention");
}

// The plug-in's kernels, and cuDNN's gradients of long sequences. Sums over tokens are kept on the GPU until collect().
class GpuAttention : public AttentionKernels {
 public:
  GpuAttention(const model::Layout& layout, std::int64_t sequences, model::Recorder* recorder, at::Device device,
               const AttentionOptions& options);
  void forward(const kernels::AttentionShape& shape, kernels::AttentionForward arguments, int record_layer) override;
  void backward(const kernels::AttentionShape& shape, kernels::AttentionBackward arguments, int layer) override;
  void record_squares(const kernels::AttentionShape& shape, const at::Tensor& out, int layer) override;
  void collect() override;

 private:
  enum class Sum { inner, inner_abs, entropy, out_sq };
  static constexpr int kSums = 4;
  // Returns where the sums of a layer stand, [B·H] float64.
  double* sums(int layer, Sum which) const;
  const std::int32_t* to_gpu(const std::vector<std::int32_t>& values);
  const std::int32_t* to_gpu(const std::int64_t* values, std::int64_t count);
  hies_cuda_shape shape_of(const kernels::AttentionShape& shape, const std::uint8_t* skip_head);
  // Computes dQ, dK and dV by cuDNN: two to three times as fast as the plug-in's kernels on long sequences, but not summed in the same
  // order in every run. Returns false where cuDNN does not take the problem.
  bool backward_by_cudnn(const kernels::AttentionShape& shape, const hies_cuda_shape& made,
                         const kernels::AttentionBackward& arguments);

  const model::Layout& layout_;
  std::int64_t sequences_, most_heads_ = 0;
  model::Recorder* recorder_;
  at::Device device_;
  AttentionOptions options_;
  at::Tensor sums_;                                        // [L, 4, B·most heads] float64
  std::map<std::vector<std::int32_t>, at::Tensor> lists_;  // by content: layers share most of them
};

GpuAttention::GpuAttention(const model::Layout& layout, std::int64_t sequences, model::Recorder* recorder, at::Device device,
                           const AttentionOptions& options)
    : layout_(layout), sequences_(sequences), recorder_(recorder), device_(device), options_(options) {
  for (const auto& [site, units] : layout_)
    if (site.kind == model::SiteKind::attention) most_heads_ = std::max<std::int64_t>(most_heads_, units.count());
  if (recorder == nullptr) return;
  sums_ =
      at::zeros({layout_.layer_count(), kSums, sequences_ * most_heads_}, at::TensorOptions().dtype(at::kDouble).device(device_));
}

double* GpuAttention::sums(int layer, Sum which) const {
  return sums_.data_ptr<double>() + (layer * kSums + static_cast<int>(which)) * sequences_ * most_heads_;
}

const std::int32_t* GpuAttention::to_gpu(const std::vector<std::int32_t>& values) {
  at::Tensor& list = lists_[values];
  if (!list.defined()) list = to_device(index_tensor(values), device_);
  return list.const_data_ptr<std::int32_t>();
}

const std::int32_t* GpuAttention::to_gpu(const std::int64_t* values, std::int64_t count) {
  return to_gpu(std::vector<std::int32_t>(values, values + count));
}

hies_cuda_shape GpuAttention::shape_of(const kernels::AttentionShape& shape, const std::uint8_t* skip_head) {
  hies_cuda_shape result{};
  result.dtype = shape.dtype == kernels::DType::bfloat16 ? HIES_CUDA_BFLOAT16 : HIES_CUDA_FLOAT32;
  result.tf32 = options_.tf32;
  result.sequences = static_cast<std::int32_t>(shape.sequences);
  result.heads = static_cast<std::int32_t>(shape.heads);
  result.kv_heads = static_cast<std::int32_t>(shape.kv_heads);
  result.head_dim = static_cast<std::int32_t>(shape.head_dim);
  result.causal = shape.causal;
  result.window = static_cast<std::int32_t>(shape.window);
  result.scale = static_cast<float>(shape.scale);
  result.longest_queries = longest(shape.query_offsets, shape.sequences);
  result.longest_keys = longest(shape.key_offsets, shape.sequences);
  result.query_tokens = shape.query_offsets[shape.sequences];
  result.query_offsets = to_gpu(shape.query_offsets, shape.sequences + 1);
  result.key_offsets = to_gpu(shape.key_offsets, shape.sequences + 1);
  result.kv_of_head = to_gpu(std::vector<std::int32_t>(shape.kv_of_head, shape.kv_of_head + shape.heads));
  if (skip_head == nullptr || std::all_of(skip_head, skip_head + shape.heads, [](std::uint8_t skip) { return skip == 0; }))
    return result;
  // Bytes, padded to whole words.
  std::vector<std::int32_t> words(static_cast<std::size_t>(shape.heads + 3) / 4);
  std::copy_n(skip_head, shape.heads, reinterpret_cast<std::uint8_t*>(words.data()));
  result.skip_head = reinterpret_cast<const std::uint8_t*>(to_gpu(words));
  return result;
}

void GpuAttention::forward(const kernels::AttentionShape& shape, kernels::AttentionForward arguments, int record_layer) {
  if (record_layer >= 0)
    kernels::count_entropy_queries(shape, recorder_->layers[static_cast<std::size_t>(record_layer)].entropy_queries.data());
  const hies_cuda_shape made = shape_of(shape, arguments.skip_head);
  at::Tensor entropy;
  if (record_layer >= 0)
    entropy = at::empty({made.query_tokens, shape.heads}, at::TensorOptions().dtype(at::kFloat).device(device_));
  const hies_cuda_forward call{rows_of(arguments.q),
                               rows_of(arguments.k),
                               rows_of(arguments.v),
                               rows_of(arguments.out),
                               static_cast<float*>(arguments.lse),
                               record_layer >= 0 ? entropy.data_ptr<float>() : nullptr};
  check_call(plugin().attention_forward(&made, &call, cuda_stream(device_)), "computing attention");
  if (record_layer >= 0)
    check_call(plugin().sequence_sums(call.entropy, made.query_offsets, made.sequences, made.heads,
                                      sums(record_layer, Sum::entropy), nullptr, cuda_stream(device_)),
               "adding up entropies");
}

bool GpuAttention::backward_by_cudnn(const kernels::AttentionShape& shape, const hies_cuda_shape& made,
                                     const kernels::AttentionBackward& arguments) {
  // Whether this cuDNN, and this GPU, have it: the first call of the process decides.
  static bool works = true, known = false;
  if (!works || options_.deterministic || !cudnn_takes(shape, made, arguments)) return false;
  const auto options = at::TensorOptions().device(device_);
  const std::int64_t B = made.sequences, T = made.longest_queries, H = made.heads, K = made.kv_heads;
  const at::Tensor lse =
      at::from_blob(const_cast<void*>(arguments.lse), {B, T, H}, options.dtype(at::kFloat)).transpose(1, 2).contiguous();
  const at::Tensor no_dropout = at::zeros({}, options.dtype(at::kLong));
  try {
    const auto [dq, dk, dv] = at::_scaled_dot_product_cudnn_attention_backward(
        as_batch(arguments.dout, made, H, device_), as_batch(arguments.q, made, H, device_),
        as_batch(arguments.k, made, K, device_), as_batch(arguments.v, made, K, device_),
        as_batch(arguments.out, made, H, device_), lse.unsqueeze(3), no_dropout, no_dropout, {}, {}, {}, T, T, 0.0, shape.causal,
        shape.scale);
    put(made, {{dq, arguments.dq, H}, {dk, arguments.dk, K}, {dv, arguments.dv, K}});
    known = true;
  } catch (const c10::OutOfMemoryError&) {
    throw;
  } catch (const c10::Error&) {
    if (known) throw;
    works = false;
  }
  return works;
}

void GpuAttention::backward(const kernels::AttentionShape& shape, kernels::AttentionBackward arguments, int layer) {
  const hies_cuda_shape made = shape_of(shape, arguments.skip_head);
  const at::Tensor inner = at::empty({made.query_tokens, shape.heads}, at::TensorOptions().dtype(at::kFloat).device(device_));
  hies_cuda_backward call{};
  call.out = rows_of(arguments.out), call.dout = rows_of(arguments.dout);
  call.head_inner = inner.data_ptr<float>();
  if (!backward_by_cudnn(shape, made, arguments)) {
    call.q = rows_of(arguments.q), call.k = rows_of(arguments.k), call.v = rows_of(arguments.v);
    call.dq = rows_of(arguments.dq), call.dk = rows_of(arguments.dk), call.dv = rows_of(arguments.dv);
    call.lse = static_cast<const float*>(arguments.lse);
  }
  check_call(plugin().attention_backward(&made, &call, cuda_stream(device_)), "computing gradients of attention");
  check_call(plugin().sequence_sums(call.head_inner, made.query_offsets, made.sequences, made.heads, sums(layer, Sum::inner),
                                    sums(layer, Sum::inner_abs), cuda_stream(device_)),
             "adding up inner products");
}

void GpuAttention::record_squares(const kernels::AttentionShape& shape, const at::Tensor& out, int layer) {
  const hies_cuda_shape made = shape_of(shape, nullptr);
  const hies_cuda_rows rows = rows_of(strided(out, shape.head_dim));
  check_call(plugin().sequence_squares(made.dtype, &rows, made.query_offsets, made.sequences, made.heads, made.head_dim,
                                       sums(layer, Sum::out_sq), cuda_stream(device_)),
             "adding up squares");
}

void GpuAttention::collect() {
  if (recorder_ == nullptr) return;
  const at::Tensor all = sums_.cpu();
  const auto copy = [&](std::vector<double>& to, std::size_t layer, Sum which) {
    const double* from = all.const_data_ptr<double>() +
                         (static_cast<std::int64_t>(layer) * kSums + static_cast<int>(which)) * sequences_ * most_heads_;
    std::copy_n(from, to.size(), to.begin());
  };
  for (std::size_t layer = 0; layer < recorder_->layers.size(); ++layer) {
    model::Recorder::Layer& to = recorder_->layers[layer];
    copy(to.inner, layer, Sum::inner);
    copy(to.inner_abs, layer, Sum::inner_abs);
    copy(to.entropy, layer, Sum::entropy);
    copy(to.out_sq, layer, Sum::out_sq);
  }
}

}  // namespace

std::unique_ptr<AttentionKernels> attention_kernels_cuda(const model::Layout& layout, std::int64_t sequences,
                                                         model::Recorder* recorder, at::Device device,
                                                         const AttentionOptions& options) {
  return std::make_unique<GpuAttention>(layout, sequences, recorder, device, options);
}

}  // namespace hies::ops
