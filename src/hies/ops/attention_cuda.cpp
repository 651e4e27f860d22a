#include "hies/model/attention_gpu_torch.h"

#include <algorithm>

#include <ATen/Context.h>
#include <ATen/ops/_scaled_dot_product_cudnn_attention_backward.h>

#include "hies/base/error.h"
#include "hies/kernels/cuda/plugin.h"
#include "hies/model/gpu_torch.h"
#include "hies/model/device.h"
#include "hies/model/device_torch.h"
#include "hies/model/network_torch.h"

namespace hies::model {
namespace {

using kernels::cuda::check_call;
using kernels::cuda::plugin;

hies_cuda_rows rows_of(const kernels::Strided& rows) { return {rows.data, rows.token_stride, rows.head_stride}; }

std::int32_t longest(const std::int64_t* offsets, std::int64_t sequences) {
  std::int64_t most = 0;
  for (std::int64_t b = 0; b < sequences; ++b) most = std::max(most, offsets[b + 1] - offsets[b]);
  return static_cast<std::int32_t>(most);
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
at::Tensor as_batch(const kernels::Strided& rows, const hies_cuda_shape& made, std::int64_t heads) {
  const std::int64_t tokens = made.longest_queries;
  return at::from_blob(rows.data, {made.sequences, heads, tokens, made.head_dim},
                       {tokens * rows.token_stride, rows.head_stride, rows.token_stride, 1},
                       at::TensorOptions().dtype(at::kBFloat16).device(at::kCUDA, 0));
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
      as_batch(to, made, heads).copy_(from);
      continue;
    }
    copies.push_back({{from.data_ptr(), from.stride(2), from.stride(1)}, rows_of(to), static_cast<std::int32_t>(heads)});
  }
  if (copies.empty()) return;
  check_call(plugin().copy_rows(copies.data(), static_cast<std::int32_t>(copies.size()), made.query_tokens, made.head_dim,
                                gpu_stream()),
             "placing gradients of attention");
}

}  // namespace

GpuAttention::GpuAttention(const HeadLayout& layout, std::int64_t sequences, const AttentionProbe* probe, at::Device device)
    : layout_(layout), sequences_(sequences), device_(device) {
  for (const LayerHeads& layer : layout_) most_heads_ = std::max<std::int64_t>(most_heads_, layer.count());
  if (probe == nullptr) return;
  notes_ =
      at::zeros({std::ssize(layout_), kNotes, sequences_ * most_heads_}, at::TensorOptions().dtype(at::kDouble).device(device_));
}

double* GpuAttention::note(int layer, Note which) const {
  return notes_.data_ptr<double>() + (layer * kNotes + static_cast<int>(which)) * sequences_ * most_heads_;
}

const std::int32_t* GpuAttention::on_gpu(const std::vector<std::int32_t>& values) {
  at::Tensor& list = lists_[values];
  if (!list.defined()) list = brought(index_tensor(values), device_);
  return list.const_data_ptr<std::int32_t>();
}

const std::int32_t* GpuAttention::on_gpu(const std::int64_t* values, std::int64_t count) {
  return on_gpu(std::vector<std::int32_t>(values, values + count));
}

hies_cuda_shape GpuAttention::shape_of(const kernels::AttentionShape& shape, const std::uint8_t* skip_head) {
  hies_cuda_shape result{};
  result.dtype = shape.dtype == kernels::DType::bfloat16 ? HIES_CUDA_BFLOAT16 : HIES_CUDA_FLOAT32;
  result.tf32 = at::globalContext().allowTF32CuBLAS();
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
  result.query_offsets = on_gpu(shape.query_offsets, shape.sequences + 1);
  result.key_offsets = on_gpu(shape.key_offsets, shape.sequences + 1);
  result.kv_of_head = on_gpu(std::vector<std::int32_t>(shape.kv_of_head, shape.kv_of_head + shape.heads));
  if (skip_head == nullptr || std::all_of(skip_head, skip_head + shape.heads, [](std::uint8_t skip) { return skip == 0; }))
    return result;
  // Bytes, padded to whole words.
  std::vector<std::int32_t> words(static_cast<std::size_t>(shape.heads + 3) / 4);
  std::copy_n(skip_head, shape.heads, reinterpret_cast<std::uint8_t*>(words.data()));
  result.skip_head = reinterpret_cast<const std::uint8_t*>(on_gpu(words));
  return result;
}

void GpuAttention::forward(const kernels::AttentionShape& shape, const kernels::AttentionForward& arguments, int note_layer) {
  const hies_cuda_shape made = shape_of(shape, arguments.skip_head);
  at::Tensor entropy;
  if (note_layer >= 0)
    entropy = at::empty({made.query_tokens, shape.heads}, at::TensorOptions().dtype(at::kFloat).device(device_));
  const hies_cuda_forward call{rows_of(arguments.q),
                               rows_of(arguments.k),
                               rows_of(arguments.v),
                               rows_of(arguments.out),
                               static_cast<float*>(arguments.lse),
                               note_layer >= 0 ? entropy.data_ptr<float>() : nullptr};
  check_call(plugin().attention_forward(&made, &call, gpu_stream()), "computing attention");
  if (note_layer >= 0)
    check_call(plugin().sequence_sums(call.entropy, made.query_offsets, made.sequences, made.heads,
                                      note(note_layer, Note::entropy), nullptr, gpu_stream()),
               "adding up entropies");
}

bool GpuAttention::backward_by_cudnn(const kernels::AttentionShape& shape, const hies_cuda_shape& made,
                                      const kernels::AttentionBackward& arguments) {
  static bool works = true, known = false;  // whether this cuDNN, and this GPU, have it: its first call tells
  if (!works || deterministic() || !cudnn_takes(shape, made, arguments)) return false;
  const auto options = at::TensorOptions().device(at::kCUDA, 0);
  const std::int64_t B = made.sequences, T = made.longest_queries, H = made.heads, K = made.kv_heads;
  const at::Tensor lse =
      at::from_blob(const_cast<void*>(arguments.lse), {B, T, H}, options.dtype(at::kFloat)).transpose(1, 2).contiguous();
  const at::Tensor no_dropout = at::zeros({}, options.dtype(at::kLong));
  try {
    const auto [dq, dk, dv] = at::_scaled_dot_product_cudnn_attention_backward(
        as_batch(arguments.dout, made, H), as_batch(arguments.q, made, H), as_batch(arguments.k, made, K),
        as_batch(arguments.v, made, K), as_batch(arguments.out, made, H), lse.unsqueeze(3), no_dropout, no_dropout, {}, {}, {}, T,
        T, 0.0, shape.causal, shape.scale);
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

void GpuAttention::backward(const kernels::AttentionShape& shape, const kernels::AttentionBackward& arguments, int layer) {
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
  check_call(plugin().attention_backward(&made, &call, gpu_stream()), "computing gradients of attention");
  check_call(plugin().sequence_sums(call.head_inner, made.query_offsets, made.sequences, made.heads, note(layer, Note::inner),
                                    note(layer, Note::inner_abs), gpu_stream()),
             "adding up inner products");
}

void GpuAttention::note_out_sq(const kernels::AttentionShape& shape, const kernels::Strided& out, int layer) {
  const hies_cuda_shape made = shape_of(shape, nullptr);
  const hies_cuda_rows rows = rows_of(out);
  check_call(plugin().sequence_squares(made.dtype, &rows, made.query_offsets, made.sequences, made.heads, made.head_dim,
                                       note(layer, Note::out_sq), gpu_stream()),
             "adding up squares");
}

void GpuAttention::collect(AttentionProbe& probe) const {
  const at::Tensor notes = notes_.cpu();
  const auto bring = [&](std::vector<double>& to, std::size_t layer, Note which) {
    const double* from = notes.const_data_ptr<double>() +
                         (static_cast<std::int64_t>(layer) * kNotes + static_cast<int>(which)) * sequences_ * most_heads_;
    std::copy_n(from, to.size(), to.begin());
  };
  for (std::size_t layer = 0; layer < layout_.size(); ++layer) {
    AttentionProbe::Layer& to = probe.layers[layer];
    bring(to.inner, layer, Note::inner);
    bring(to.inner_abs, layer, Note::inner_abs);
    bring(to.entropy, layer, Note::entropy);
    bring(to.out_sq, layer, Note::out_sq);
  }
}

}  // namespace hies::model
