#include "hies/kernels/cuda/device/attention.cuh"
#include "hies/kernels/cuda/device/launch.cuh"
#include "hies/kernels/cuda/device/reduce.cuh"
#include "hies/kernels/cuda/device/row_vector.cuh"
#include "hies/kernels/cuda/device/sequence.cuh"

// Sums over the tokens of a sequence, and inner products of rows.
namespace hies::cuda {
namespace {

// Block (h, b): sums of values[t, h] and |values[t, h]| over the tokens of sequence b.
__global__ void sequence_sums(const float* values, const int32_t* offsets, int heads, double* sums, double* absolute_sums) {
  const int head = blockIdx.x, b = blockIdx.y;
  double sum = 0, absolute_sum = 0;
  for (long long t = offsets[b] + static_cast<int>(threadIdx.x); t < offsets[b + 1]; t += kRowThreads) {
    const double value = values[t * heads + head];
    sum += value;
    absolute_sum += fabs(value);
  }
  sum = block_sum(sum);
  if (absolute_sums != nullptr) absolute_sum = block_sum(absolute_sum);
  if (threadIdx.x != 0) return;
  sums[b * heads + head] += sum;
  if (absolute_sums != nullptr) absolute_sums[b * heads + head] += absolute_sum;
}

// Block (h, b): sum of squares of head h of the tokens of sequence b.
template <class T>
__global__ void sequence_squares(hies_cuda_rows rows, const int32_t* offsets, int heads, int head_dim, double* squares) {
  const int head = blockIdx.x, b = blockIdx.y;
  const long long count = static_cast<long long>(offsets[b + 1] - offsets[b]) * head_dim;
  double sum = 0;
  for (long long i = threadIdx.x; i < count; i += kRowThreads) {
    const double value = to_float(row_of<T>(rows, offsets[b] + i / head_dim, head)[i % head_dim]);
    sum += value * value;
  }
  sum = block_sum(sum);
  if (threadIdx.x == 0) squares[b * heads + head] += sum;
}

constexpr int kInnerLanes = 16;  // threads that compute one inner product

// ⟨dout, out⟩ of each token and head. If shape.tf32, dout is rounded to TF32 first.
template <class T, bool kVectorised>
__global__ void __launch_bounds__(kRowThreads) inner_products(hies_cuda_shape shape, hies_cuda_backward arguments) {
  using Vector = RowVector<T, kVectorised>;
  const long long item = static_cast<long long>(blockIdx.x) * (kRowThreads / kInnerLanes) + threadIdx.x / kInnerLanes;
  const bool in_range = item < shape.query_tokens * shape.heads;
  const long long token = in_range ? item / shape.heads : 0;
  const int head = in_range ? static_cast<int>(item % shape.heads) : 0;
  const T *out = row_of<T>(arguments.out, token, head), *dout = row_of<T>(arguments.dout, token, head);
  float sum = 0;
  if (in_range && !is_skipped(shape, head))
    for (int d = threadIdx.x % kInnerLanes * Vector::kSize; d < shape.head_dim; d += kInnerLanes * Vector::kSize) {
      const Vector a = Vector::load(out + d), b = Vector::load(dout + d);
      for (int j = 0; j < Vector::kSize; ++j) {
        float factor = to_float(b.element[j]);
        if (shape.tf32 != 0) factor = __uint_as_float(to_tf32(factor));
        sum += to_float(a.element[j]) * factor;
      }
    }
  sum = lane_sum<kInnerLanes>(sum);
  if (in_range && threadIdx.x % kInnerLanes == 0) arguments.head_inner[item] = sum;
}

}  // namespace

int head_inner(const hies_cuda_shape& shape, const hies_cuda_backward& arguments, cudaStream_t stream) {
  return with_type(shape.dtype, [&](auto element) {
    using T = decltype(element);
    const bool vectorised = rows_aligned<T>(shape, {arguments.out, arguments.dout});
    const auto kernel = vectorised ? inner_products<T, true> : inner_products<T, false>;
    return launch(kernel, dim3(tiles_of(shape.query_tokens * shape.heads, kRowThreads / kInnerLanes)), kRowThreads, 0, stream,
                  shape, arguments);
  });
}

}  // namespace hies::cuda

using namespace hies::cuda;

extern "C" {

int hies_cuda_sequence_sums(const float* values, const int32_t* offsets, int32_t sequences, int32_t heads, double* sums,
                            double* absolute_sums, void* stream) {
  return launch(sequence_sums, dim3(heads, sequences), kRowThreads, 0, static_cast<cudaStream_t>(stream), values, offsets, heads,
                sums, absolute_sums);
}

int hies_cuda_sequence_squares(int32_t dtype, const hies_cuda_rows* rows, const int32_t* offsets, int32_t sequences,
                               int32_t heads, int32_t head_dim, double* squares, void* stream) {
  return with_type(dtype, [&](auto element) {
    return launch(sequence_squares<decltype(element)>, dim3(heads, sequences), kRowThreads, 0, static_cast<cudaStream_t>(stream),
                  *rows, offsets, heads, head_dim, squares);
  });
}

}  // extern "C"
