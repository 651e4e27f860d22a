#include "hies/kernels/cuda/device/element.cuh"
#include "hies/kernels/cuda/device/launch.cuh"
#include "hies/kernels/cuda/device/packet.cuh"
#include "hies/kernels/cuda/device/tiles.cuh"

// Sums over rows, and what a decoder does to its rows between matrix products.
namespace hies::cuda {
namespace {

constexpr int kThreads = kRowThreads;

__global__ void sequence_sums(const float* values, const int32_t* offsets, int heads, double* sums, double* absolute) {
  const int head = blockIdx.x, b = blockIdx.y;
  double sum = 0, size = 0;
  for (long long t = offsets[b] + static_cast<int>(threadIdx.x); t < offsets[b + 1]; t += kThreads) {
    const double value = values[t * heads + head];
    sum += value;
    size += fabs(value);
  }
  sum = block_sum(sum);
  if (absolute != nullptr) size = block_sum(size);
  if (threadIdx.x != 0) return;
  sums[b * heads + head] += sum;
  if (absolute != nullptr) absolute[b * heads + head] += size;
}

template <class T>
__global__ void sequence_squares(hies_cuda_rows rows, const int32_t* offsets, int heads, int head_dim, double* squares) {
  const int head = blockIdx.x, b = blockIdx.y;
  const long long count = static_cast<long long>(offsets[b + 1] - offsets[b]) * head_dim;
  double sum = 0;
  for (long long i = threadIdx.x; i < count; i += kThreads) {
    const double value = to_float(row_of<T>(rows, offsets[b] + i / head_dim, head)[i % head_dim]);
    sum += value * value;
  }
  sum = block_sum(sum);
  if (threadIdx.x == 0) squares[b * heads + head] += sum;
}

struct Copies {
  hies_cuda_copy of[3];
};

__global__ void __launch_bounds__(kThreads) copy_rows(Copies copies, long long tokens, int head_dim) {
  using P = Packet<bf16, true>;
  const hies_cuda_copy copy = copies.of[blockIdx.y];
  const unsigned parts = head_dim / P::kSize, in_token = parts * copy.heads;
  for (long long i = static_cast<long long>(blockIdx.x) * kThreads + threadIdx.x; i < tokens * in_token;
       i += static_cast<long long>(gridDim.x) * kThreads) {
    const long long token = i / in_token;
    const unsigned rest = static_cast<unsigned>(i % in_token), head = rest / parts, place = rest % parts * P::kSize;
    P::load(row_of<bf16>(copy.from, token, head) + place).store(row_of<bf16>(copy.to, token, head) + place);
  }
}

// ⟨dout, out⟩ of a token and head: sixteen threads each. For shape.tf32 dout is rounded first.
template <class T, bool kWide>
__global__ void __launch_bounds__(kThreads) inner_products(hies_cuda_shape shape, hies_cuda_backward arguments) {
  using P = Packet<T, kWide>;
  constexpr int kLanes = 16;
  const long long item = static_cast<long long>(blockIdx.x) * (kThreads / kLanes) + threadIdx.x / kLanes;
  const bool there = item < shape.query_tokens * shape.heads;
  const long long token = there ? item / shape.heads : 0;
  const int head = there ? static_cast<int>(item % shape.heads) : 0;
  const T *out = row_of<T>(arguments.out, token, head), *dout = row_of<T>(arguments.dout, token, head);
  float sum = 0;
  if (there && !skipped(shape, head))
    for (int d = threadIdx.x % kLanes * P::kSize; d < shape.head_dim; d += kLanes * P::kSize) {
      const P a = P::load(out + d), b = P::load(dout + d);
      for (int j = 0; j < P::kSize; ++j) {
        float factor = to_float(b.element[j]);
        if (shape.tf32 != 0) factor = __uint_as_float(as_tf32(factor));
        sum += to_float(a.element[j]) * factor;
      }
    }
#pragma unroll
  for (int step = kLanes / 2; step > 0; step /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, step);
  if (there && threadIdx.x % kLanes == 0) arguments.head_inner[item] = sum;
}

// A thread turns one packet of the first half of a vector, and its counterpart in the second.
template <class T, bool kWide>
__global__ void __launch_bounds__(kThreads)
    rotate(T* x, const float* cosine, const float* sine, long long row_stride, int count, long long step, int half, float sign) {
  using P = Packet<T, kWide>;
  const long long row = blockIdx.x;
  const int parts = half / P::kSize;
  for (int i = threadIdx.x; i < count * parts; i += kThreads) {
    const int first = i % parts * P::kSize;
    T* vector = x + row * row_stride + i / parts * step + first;
    P low = P::load(vector), high = P::load(vector + half);
    for (int j = 0; j < P::kSize; ++j) {
      const float c = cosine[row * half + first + j], s = sign * sine[row * half + first + j];
      const float a = to_float(low.element[j]), b = to_float(high.element[j]);
      low.element[j] = from_float<T>(a * c - b * s);
      high.element[j] = from_float<T>(b * c + a * s);
    }
    low.store(vector);
    high.store(vector + half);
  }
}

// f(x) and f'(x).
struct Curve {
  float value, slope;
};
__device__ Curve curve_of(int activation, float x) {
  switch (activation) {
    case HIES_CUDA_SILU: {
      const float gate = 1 / (1 + __expf(-x));
      return {x * gate, gate * (1 + x * (1 - gate))};
    }
    case HIES_CUDA_RELU: return {fmaxf(x, 0.f), x > 0 ? 1.f : 0.f};
    case HIES_CUDA_GELU: {
      const float share = 0.5f * (1 + erff(x * 0.70710678118654752f));
      return {x * share, share + x * 0.3989422804014327f * expf(-0.5f * x * x)};
    }
    default: {
      const float inside = 0.7978845608028654f * (x + 0.044715f * x * x * x), turn = tanhf(inside);
      return {0.5f * x * (1 + turn),
              0.5f * (1 + turn) + 0.5f * x * (1 - turn * turn) * 0.7978845608028654f * (1 + 0.134145f * x * x)};
    }
  }
}

template <class T, bool kWide, bool kBackward>
__global__ void gated(int activation, const T* both, const T* dy, long long packets, int width, T* result) {
  using P = Packet<T, kWide>;
  for (long long i = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x; i < packets;
       i += static_cast<long long>(gridDim.x) * blockDim.x) {
    const long long element = i * P::kSize, row = element / width, column = element % width, place = row * 2 * width + column;
    const P gate = P::load(both + place), up = P::load(both + place + width);
    if constexpr (kBackward) {
      const P slope = P::load(dy + element);
      P dgate, dup;
      for (int j = 0; j < P::kSize; ++j) {
        const Curve curve = curve_of(activation, to_float(gate.element[j]));
        const float above = to_float(slope.element[j]);
        dgate.element[j] = from_float<T>(above * to_float(up.element[j]) * curve.slope);
        dup.element[j] = from_float<T>(above * curve.value);
      }
      dgate.store(result + place);
      dup.store(result + place + width);
    } else {
      P out;
      for (int j = 0; j < P::kSize; ++j)
        out.element[j] = from_float<T>(curve_of(activation, to_float(gate.element[j])).value * to_float(up.element[j]));
      out.store(result + element);
    }
  }
}

template <class T, bool kBackward>
int run_gated(int activation, const void* both, const void* dy, std::int64_t rows, std::int64_t width, void* result,
              cudaStream_t stream) {
  const auto go = [&](auto kernel, std::int64_t size) {
    const long long packets = rows * width / size;
    return launch(kernel, dim3(std::min(tiles_of(packets, kThreads), 132u * 16)), kThreads, 0, stream, activation,
                  static_cast<const T*>(both), static_cast<const T*>(dy), packets, static_cast<int>(width),
                  static_cast<T*>(result));
  };
  if (wide<T>(width, {both, dy, result})) return go(gated<T, true, kBackward>, 16 / sizeof(T));
  return go(gated<T, false, kBackward>, 1);
}

}  // namespace

int head_inner(const hies_cuda_shape& shape, const hies_cuda_backward& arguments, cudaStream_t stream) {
  return with_type(shape.dtype, [&](auto element) {
    using T = decltype(element);
    const bool wide = rows_aligned<T>(shape, {arguments.out, arguments.dout});
    const auto kernel = wide ? inner_products<T, true> : inner_products<T, false>;
    return launch(kernel, dim3(tiles_of(shape.query_tokens * shape.heads, kThreads / 16)), kThreads, 0, stream, shape, arguments);
  });
}

}  // namespace hies::cuda

using namespace hies::cuda;

extern "C" {

int hies_cuda_sequence_sums(const float* values, const int32_t* offsets, int32_t sequences, int32_t heads, double* sums,
                            double* absolute, void* stream) {
  return launch(sequence_sums, dim3(heads, sequences), kThreads, 0, static_cast<cudaStream_t>(stream), values, offsets, heads,
                sums, absolute);
}

int hies_cuda_sequence_squares(int32_t dtype, const hies_cuda_rows* rows, const int32_t* offsets, int32_t sequences,
                               int32_t heads, int32_t head_dim, double* squares, void* stream) {
  return with_type(dtype, [&](auto element) {
    return launch(sequence_squares<decltype(element)>, dim3(heads, sequences), kThreads, 0, static_cast<cudaStream_t>(stream),
                  *rows, offsets, heads, head_dim, squares);
  });
}

int hies_cuda_copy_rows(const hies_cuda_copy* copies, int32_t count, int64_t tokens, int32_t head_dim, void* stream) {
  if (count < 1 || count > 3 || head_dim % 8 != 0) return cudaErrorInvalidValue;
  Copies all{};
  int heads = 0;
  for (int i = 0; i < count; ++i) {
    if (!aligned16(copies[i].from, 2) || !aligned16(copies[i].to, 2)) return cudaErrorInvalidValue;
    all.of[i] = copies[i];
    heads = std::max(heads, copies[i].heads);
  }
  const unsigned blocks = std::min(tiles_of(tokens * heads * (head_dim / 8), kThreads), 132u * 16);
  return launch(copy_rows, dim3(blocks, count), kThreads, 0, static_cast<cudaStream_t>(stream), all,
                static_cast<long long>(tokens), head_dim);
}

int hies_cuda_rotate(int32_t dtype, void* x, const float* cosine, const float* sine, int64_t rows, int64_t row_stride,
                     int32_t count, int64_t step, int32_t half, int32_t back, void* stream) {
  return with_type(dtype, [&](auto element) {
    using T = decltype(element);
    const bool packets = wide<T>(half, {x}) && row_stride * sizeof(T) % 16 == 0 && step * sizeof(T) % 16 == 0;
    return launch(packets ? rotate<T, true> : rotate<T, false>, dim3(static_cast<unsigned>(rows)), kThreads, 0,
                  static_cast<cudaStream_t>(stream), static_cast<T*>(x), cosine, sine, static_cast<long long>(row_stride), count,
                  static_cast<long long>(step), half, back != 0 ? -1.f : 1.f);
  });
}

int hies_cuda_gated(int32_t dtype, int32_t activation, const void* both, int64_t rows, int64_t width, void* y, void* stream) {
  return with_type(dtype, [&](auto element) {
    return run_gated<decltype(element), false>(activation, both, nullptr, rows, width, y, static_cast<cudaStream_t>(stream));
  });
}

int hies_cuda_gated_backward(int32_t dtype, int32_t activation, const void* both, const void* dy, int64_t rows, int64_t width,
                             void* dboth, void* stream) {
  return with_type(dtype, [&](auto element) {
    return run_gated<decltype(element), true>(activation, both, dy, rows, width, dboth, static_cast<cudaStream_t>(stream));
  });
}

}  // extern "C"
