#include "hies/kernels/cuda/device/element.cuh"
#include "hies/kernels/cuda/device/launch.cuh"
#include "hies/kernels/cuda/device/packet.cuh"

// What a language model's logits say, each row read once, and the gradient of its loss in their place, read and written once: float32
// copies of a whole vocabulary are never made.
namespace hies::cuda {
namespace {

// The largest logit so far with its place, and Σ e^(x − it).
struct Peak {
  float top;
  int place;
  float sum;
};

__device__ Peak together(const Peak& a, const Peak& b) {
  const bool first = a.top > b.top || (a.top == b.top && a.place < b.place);
  const Peak &more = first ? a : b, &less = first ? b : a;
  return {more.top, more.place, more.sum + (less.sum == 0 ? 0.f : less.sum * expf(less.top - more.top))};
}

// Of all threads of a block, in one fixed order.
__device__ Peak block_peak(Peak peak) {
  __shared__ Peak parts[kRowThreads / 32];
#pragma unroll
  for (int step = 16; step > 0; step /= 2)
    peak = together(peak, {__shfl_xor_sync(0xffffffffu, peak.top, step), __shfl_xor_sync(0xffffffffu, peak.place, step),
                           __shfl_xor_sync(0xffffffffu, peak.sum, step)});
  if (threadIdx.x % 32 == 0) parts[threadIdx.x / 32] = peak;
  __syncthreads();
  Peak all = parts[0];
#pragma unroll
  for (int i = 1; i < kRowThreads / 32; ++i) all = together(all, parts[i]);
  return all;
}

template <class T, bool kWide>
__global__ void __launch_bounds__(kRowThreads) look_at_logits(hies_cuda_logits given) {
  using P = Packet<T, kWide>;
  const long long row = blockIdx.x;
  const T* logits = static_cast<const T*>(given.logits) + row * given.vocabulary;
  Peak peak = {-INFINITY, INT_MAX, 0};
  float squares = 0;
  for (int i = threadIdx.x * P::kSize; i < given.vocabulary; i += kRowThreads * P::kSize) {
    const P packet = P::load(logits + i);
    float largest = -INFINITY;
#pragma unroll
    for (int j = 0; j < P::kSize; ++j) largest = fmaxf(largest, to_float(packet.element[j]));
    if (largest > peak.top) {
      peak.sum *= peak.top == -INFINITY ? 0.f : expf(peak.top - largest);
      peak.top = largest;
#pragma unroll
      for (int j = P::kSize - 1; j >= 0; --j)
        if (to_float(packet.element[j]) == largest) peak.place = i + j;
    }
#pragma unroll
    for (int j = 0; j < P::kSize; ++j) {
      const float x = to_float(packet.element[j]);
      peak.sum += peak.top == -INFINITY ? 0.f : expf(x - peak.top);
      squares += x * x;
      // A row with NaN must not look like one without.
      if (isnan(x)) peak.sum = x;
    }
  }
  peak = block_peak(peak);
  squares = block_sum(squares);
  if (threadIdx.x != 0) return;
  const float log_sum = logf(peak.sum);
  given.top_tokens[row] = peak.place == INT_MAX ? 0 : peak.place;
  given.tops[row] = peak.top;
  given.log_sums[row] = log_sum;
  given.log_probabilities[row] = to_float(logits[given.targets[row]]) - peak.top - log_sum;
  given.half_squares[row] = 0.5f * squares;
}

template <class T, bool kWide>
__global__ void __launch_bounds__(kRowThreads) gradient_of_logits(hies_cuda_logits given, int loss, const float* shares) {
  using P = Packet<T, kWide>;
  const long long row = blockIdx.x;
  T* logits = static_cast<T*>(given.logits) + row * given.vocabulary;
  const float share = shares[row], below = given.tops[row] + given.log_sums[row];
  const long long goal = loss == HIES_CUDA_PSEUDO_LABEL ? given.top_tokens[row] : given.targets[row];
  for (int i = threadIdx.x * P::kSize; i < given.vocabulary; i += kRowThreads * P::kSize) {
    P packet = P::load(logits + i);
#pragma unroll
    for (int j = 0; j < P::kSize; ++j) {
      float slope = to_float(packet.element[j]);
      if (loss != HIES_CUDA_LOGIT_NORM) slope = expf(slope - below) - (i + j == goal ? 1.f : 0.f);
      packet.element[j] = from_float<T>(share * slope);
    }
    packet.store(logits + i);
  }
}

}  // namespace
}  // namespace hies::cuda

using namespace hies::cuda;

extern "C" {

int hies_cuda_look_at_logits(const hies_cuda_logits* logits, void* stream) {
  return with_type(logits->dtype, [&](auto element) {
    using T = decltype(element);
    const auto kernel = wide<T>(logits->vocabulary, {logits->logits}) ? look_at_logits<T, true> : look_at_logits<T, false>;
    return launch(kernel, dim3(static_cast<unsigned>(logits->rows)), kRowThreads, 0, static_cast<cudaStream_t>(stream), *logits);
  });
}

int hies_cuda_gradient_of_logits(const hies_cuda_logits* logits, int32_t loss, const float* shares, void* stream) {
  return with_type(logits->dtype, [&](auto element) {
    using T = decltype(element);
    const auto kernel =
        wide<T>(logits->vocabulary, {logits->logits}) ? gradient_of_logits<T, true> : gradient_of_logits<T, false>;
    return launch(kernel, dim3(static_cast<unsigned>(logits->rows)), kRowThreads, 0, static_cast<cudaStream_t>(stream), *logits,
                  loss, shares);
  });
}

}  // extern "C"
