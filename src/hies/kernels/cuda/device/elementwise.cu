#include <algorithm>

#include "hies/kernels/cuda/device/element.cuh"
#include "hies/kernels/cuda/device/launch.cuh"
#include "hies/kernels/cuda/device/row_vector.cuh"
#include "hies/kernels/cuda/device/sequence.cuh"

// Elementwise kernels of a decoder: copies of strided rows, rotary position embeddings, gated activations.
namespace hies::cuda {
namespace {

constexpr int kThreads = 256;
constexpr unsigned kMaxBlocks = 132 * 16;  // 16 for each multiprocessor of an H100; threads loop over what is left

struct Copies {
  hies_cuda_copy of[3];
};

// Blocks (x, c) do copy c. Elements are moved as bits, so bf16 stands for every 2-byte type.
__global__ void __launch_bounds__(kThreads) copy_rows(Copies copies, long long tokens, int head_dim) {
  using Vector = RowVector<bf16, true>;
  const hies_cuda_copy copy = copies.of[blockIdx.y];
  const unsigned head_vectors = head_dim / Vector::kSize, token_vectors = head_vectors * copy.heads;
  for (long long i = static_cast<long long>(blockIdx.x) * kThreads + threadIdx.x; i < tokens * token_vectors;
       i += static_cast<long long>(gridDim.x) * kThreads) {
    const long long token = i / token_vectors;
    const unsigned rest = static_cast<unsigned>(i % token_vectors), head = rest / head_vectors;
    const unsigned column = rest % head_vectors * Vector::kSize;
    Vector::load(row_of<bf16>(copy.from, token, head) + column).store(row_of<bf16>(copy.to, token, head) + column);
  }
}

// Rotates `count` vectors of row blockIdx.x in place. A thread rotates one RowVector of the first half of a vector with its
// counterpart in the second half. sign: 1, or −1 for the inverse rotation.
template <class T, bool kVectorised>
__global__ void __launch_bounds__(kThreads)
    rotate(T* x, const float* cosine, const float* sine, long long row_stride, int count, long long step, int half, float sign) {
  using Vector = RowVector<T, kVectorised>;
  const long long row = blockIdx.x;
  const int half_vectors = half / Vector::kSize;
  for (int i = threadIdx.x; i < count * half_vectors; i += kThreads) {
    const int first = i % half_vectors * Vector::kSize;
    T* at = x + row * row_stride + i / half_vectors * step + first;
    Vector low = Vector::load(at), high = Vector::load(at + half);
    for (int j = 0; j < Vector::kSize; ++j) {
      const float c = cosine[row * half + first + j], s = sign * sine[row * half + first + j];
      const float a = to_float(low.element[j]), b = to_float(high.element[j]);
      low.element[j] = from_float<T>(a * c - b * s);
      high.element[j] = from_float<T>(b * c + a * s);
    }
    low.store(at);
    high.store(at + half);
  }
}

// An activation function's value and derivative at one point.
struct Activation {
  float value, derivative;
};
__device__ Activation activation_at(int activation, float x) {
  switch (activation) {
    case HIES_CUDA_SILU: {
      const float sigmoid = 1 / (1 + __expf(-x));
      return {x * sigmoid, sigmoid * (1 + x * (1 - sigmoid))};
    }
    case HIES_CUDA_RELU: return {fmaxf(x, 0.f), x > 0 ? 1.f : 0.f};
    case HIES_CUDA_GELU: {
      const float cdf = 0.5f * (1 + erff(x * 0.70710678118654752f));  // of the standard normal distribution
      return {x * cdf, cdf + x * 0.3989422804014327f * expf(-0.5f * x * x)};
    }
    default: {  // HIES_CUDA_GELU_TANH
      const float inside = 0.7978845608028654f * (x + 0.044715f * x * x * x), hyperbolic = tanhf(inside);
      return {0.5f * x * (1 + hyperbolic),
              0.5f * (1 + hyperbolic) + 0.5f * x * (1 - hyperbolic * hyperbolic) * 0.7978845608028654f * (1 + 0.134145f * x * x)};
    }
  }
}

// gate_up is [rows, 2·width], a gate and an "up" projection side by side. Forward: result [rows, width] = f(gate)·up. Backward:
// result [rows, 2·width] is the gradient of gate_up from dy [rows, width]. `vectors` counts the RowVectors of [rows, width].
template <class T, bool kVectorised, bool kBackward>
__global__ void gated(int activation, const T* gate_up, const T* dy, long long vectors, int width, T* result) {
  using Vector = RowVector<T, kVectorised>;
  for (long long i = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x; i < vectors;
       i += static_cast<long long>(gridDim.x) * blockDim.x) {
    const long long element = i * Vector::kSize, row = element / width, column = element % width;
    const long long index = row * 2 * width + column;
    const Vector gate = Vector::load(gate_up + index), up = Vector::load(gate_up + index + width);
    if constexpr (kBackward) {
      const Vector gradient = Vector::load(dy + element);
      Vector dgate, dup;
      for (int j = 0; j < Vector::kSize; ++j) {
        const Activation f = activation_at(activation, to_float(gate.element[j]));
        const float dout = to_float(gradient.element[j]);
        dgate.element[j] = from_float<T>(dout * to_float(up.element[j]) * f.derivative);
        dup.element[j] = from_float<T>(dout * f.value);
      }
      dgate.store(result + index);
      dup.store(result + index + width);
    } else {
      Vector out;
      for (int j = 0; j < Vector::kSize; ++j)
        out.element[j] = from_float<T>(activation_at(activation, to_float(gate.element[j])).value * to_float(up.element[j]));
      out.store(result + element);
    }
  }
}

template <class T, bool kBackward>
int launch_gated(int activation, const void* gate_up, const void* dy, std::int64_t rows, std::int64_t width, void* result,
                 cudaStream_t stream) {
  const auto launch_kernel = [&](auto kernel, std::int64_t vector_size) {
    const long long vectors = rows * width / vector_size;
    return launch(kernel, dim3(std::min(tiles_of(vectors, kThreads), kMaxBlocks)), kThreads, 0, stream, activation,
                  static_cast<const T*>(gate_up), static_cast<const T*>(dy), vectors, static_cast<int>(width),
                  static_cast<T*>(result));
  };
  if (vectorisable<T>(width, {gate_up, dy, result})) return launch_kernel(gated<T, true, kBackward>, 16 / sizeof(T));
  return launch_kernel(gated<T, false, kBackward>, 1);
}

}  // namespace
}  // namespace hies::cuda

using namespace hies::cuda;

extern "C" {

int hies_cuda_copy_rows(const hies_cuda_copy* copies, int32_t count, int64_t tokens, int32_t head_dim, void* stream) {
  if (count < 1 || count > 3 || head_dim % 8 != 0) return cudaErrorInvalidValue;
  Copies all{};
  int heads = 0;
  for (int i = 0; i < count; ++i) {
    if (!aligned16(copies[i].from, 2) || !aligned16(copies[i].to, 2)) return cudaErrorInvalidValue;
    all.of[i] = copies[i];
    heads = std::max(heads, copies[i].heads);
  }
  const unsigned blocks = std::min(tiles_of(tokens * heads * (head_dim / 8), kThreads), kMaxBlocks);
  return launch(copy_rows, dim3(blocks, count), kThreads, 0, static_cast<cudaStream_t>(stream), all,
                static_cast<long long>(tokens), head_dim);
}

int hies_cuda_rotate(int32_t dtype, void* x, const float* cosine, const float* sine, int64_t rows, int64_t row_stride,
                     int32_t count, int64_t step, int32_t half, int32_t inverse, void* stream) {
  return with_type(dtype, [&](auto element) {
    using T = decltype(element);
    const bool vectorised = vectorisable<T>(half, {x}) && row_stride * sizeof(T) % 16 == 0 && step * sizeof(T) % 16 == 0;
    return launch(vectorised ? rotate<T, true> : rotate<T, false>, dim3(static_cast<unsigned>(rows)), kThreads, 0,
                  static_cast<cudaStream_t>(stream), static_cast<T*>(x), cosine, sine, static_cast<long long>(row_stride), count,
                  static_cast<long long>(step), half, inverse != 0 ? -1.f : 1.f);
  });
}

int hies_cuda_gated(int32_t dtype, int32_t activation, const void* gate_up, int64_t rows, int64_t width, void* y, void* stream) {
  return with_type(dtype, [&](auto element) {
    return launch_gated<decltype(element), false>(activation, gate_up, nullptr, rows, width, y,
                                                  static_cast<cudaStream_t>(stream));
  });
}

int hies_cuda_gated_backward(int32_t dtype, int32_t activation, const void* gate_up, const void* dy, int64_t rows, int64_t width,
                             void* dgate_up, void* stream) {
  return with_type(dtype, [&](auto element) {
    return launch_gated<decltype(element), true>(activation, gate_up, dy, rows, width, dgate_up,
                                                 static_cast<cudaStream_t>(stream));
  });
}

}  // extern "C"
