#include <climits>

#include "hies/kernels/cuda/device/element.cuh"
#include "hies/kernels/cuda/device/launch.cuh"
#include "hies/kernels/cuda/device/reduce.cuh"
#include "hies/kernels/cuda/device/row_vector.cuh"

// Statistics of a language model's logits, which read each row once, and the gradient of its loss, which replaces the logits in
// one pass. No float32 copy of [rows, vocabulary] is made.
namespace hies::cuda {
namespace {

// The softmax statistics of some logits of a row: their maximum, its column, and Σ e^(x − maximum).
struct Peak {
  float maximum;
  int column;
  float sum;
};

// Returns the statistics of the logits of both. Of equal maxima the first column counts.
__device__ Peak merge(const Peak& a, const Peak& b) {
  const bool first = a.maximum > b.maximum || (a.maximum == b.maximum && a.column < b.column);
  const Peak &larger = first ? a : b, &smaller = first ? b : a;
  return {larger.maximum, larger.column,
          larger.sum + (smaller.sum == 0 ? 0.f : smaller.sum * expf(smaller.maximum - larger.maximum))};
}

// Returns the merged statistics of all threads of the block, merged in one fixed order.
__device__ Peak block_peak(Peak peak) {
  __shared__ Peak parts[kRowThreads / 32];
#pragma unroll
  for (int step = 16; step > 0; step /= 2)
    peak = merge(peak, {__shfl_xor_sync(0xffffffffu, peak.maximum, step), __shfl_xor_sync(0xffffffffu, peak.column, step),
                        __shfl_xor_sync(0xffffffffu, peak.sum, step)});
  if (threadIdx.x % 32 == 0) parts[threadIdx.x / 32] = peak;
  __syncthreads();
  Peak all = parts[0];
#pragma unroll
  for (int i = 1; i < kRowThreads / 32; ++i) all = merge(all, parts[i]);
  return all;
}

// One block computes the statistics of row blockIdx.x.
template <class T, bool kVectorised>
__global__ void __launch_bounds__(kRowThreads) summarise_logits(hies_cuda_logits given) {
  using Vector = RowVector<T, kVectorised>;
  const long long row = blockIdx.x;
  const T* logits = static_cast<const T*>(given.logits) + row * given.vocabulary;
  Peak peak = {-INFINITY, INT_MAX, 0};
  float squares = 0;
  for (int i = threadIdx.x * Vector::kSize; i < given.vocabulary; i += kRowThreads * Vector::kSize) {
    const Vector vector = Vector::load(logits + i);
    float largest = -INFINITY;
#pragma unroll
    for (int j = 0; j < Vector::kSize; ++j) largest = fmaxf(largest, to_float(vector.element[j]));
    if (largest > peak.maximum) {
      peak.sum *= peak.maximum == -INFINITY ? 0.f : expf(peak.maximum - largest);
      peak.maximum = largest;
#pragma unroll
      for (int j = Vector::kSize - 1; j >= 0; --j)
        if (to_float(vector.element[j]) == largest) peak.column = i + j;
    }
#pragma unroll
    for (int j = 0; j < Vector::kSize; ++j) {
      const float x = to_float(vector.element[j]);
      peak.sum += peak.maximum == -INFINITY ? 0.f : expf(x - peak.maximum);
      squares += x * x;
      // fmaxf ignores NaN, so a row with NaN would otherwise have finite statistics.
      if (isnan(x)) peak.sum = x;
    }
  }
  peak = block_peak(peak);
  squares = block_sum(squares);
  if (threadIdx.x != 0) return;
  const float log_sum = logf(peak.sum);
  given.top_tokens[row] = peak.column == INT_MAX ? 0 : peak.column;
  given.maxima[row] = peak.maximum;
  given.log_sums[row] = log_sum;
  given.log_probabilities[row] = to_float(logits[given.targets[row]]) - peak.maximum - log_sum;
  given.half_squares[row] = 0.5f * squares;
}

// One block replaces row blockIdx.x by the gradient of its loss times weights[row].
template <class T, bool kVectorised>
__global__ void __launch_bounds__(kRowThreads) logits_gradient(hies_cuda_logits given, int loss, const float* weights) {
  using Vector = RowVector<T, kVectorised>;
  const long long row = blockIdx.x;
  T* logits = static_cast<T*>(given.logits) + row * given.vocabulary;
  const float weight = weights[row], lse = given.maxima[row] + given.log_sums[row];
  const long long target = loss == HIES_CUDA_PSEUDO_LABEL ? given.top_tokens[row] : given.targets[row];
  for (int i = threadIdx.x * Vector::kSize; i < given.vocabulary; i += kRowThreads * Vector::kSize) {
    Vector vector = Vector::load(logits + i);
#pragma unroll
    for (int j = 0; j < Vector::kSize; ++j) {
      float gradient = to_float(vector.element[j]);
      if (loss != HIES_CUDA_LOGIT_NORM) gradient = expf(gradient - lse) - (i + j == target ? 1.f : 0.f);
      vector.element[j] = from_float<T>(weight * gradient);
    }
    vector.store(logits + i);
  }
}

}  // namespace
}  // namespace hies::cuda

using namespace hies::cuda;

extern "C" {

int hies_cuda_summarise_logits(const hies_cuda_logits* logits, void* stream) {
  return with_type(logits->dtype, [&](auto element) {
    using T = decltype(element);
    const auto kernel =
        vectorisable<T>(logits->vocabulary, {logits->logits}) ? summarise_logits<T, true> : summarise_logits<T, false>;
    return launch(kernel, dim3(static_cast<unsigned>(logits->rows)), kRowThreads, 0, static_cast<cudaStream_t>(stream), *logits);
  });
}

int hies_cuda_logits_gradient(const hies_cuda_logits* logits, int32_t loss, const float* weights, void* stream) {
  return with_type(logits->dtype, [&](auto element) {
    using T = decltype(element);
    const auto kernel =
        vectorisable<T>(logits->vocabulary, {logits->logits}) ? logits_gradient<T, true> : logits_gradient<T, false>;
    return launch(kernel, dim3(static_cast<unsigned>(logits->rows)), kRowThreads, 0, static_cast<cudaStream_t>(stream), *logits,
                  loss, weights);
  });
}

}  // extern "C"
