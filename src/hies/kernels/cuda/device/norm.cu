#include "hies/kernels/cuda/device/launch.cuh"
#include "hies/kernels/cuda/device/packet.cuh"

// The norms of rows, with the sum before them: one block for each row, which it reads from memory once and from the cache after that.
namespace hies::cuda {
namespace {

// Mean (of a layer norm; else 0) and 1/√(variance + ε) of a row.
struct RowScale {
  float mean, scale;
};

template <class T, bool kWide, bool kLayer>
__device__ RowScale scale_of(const T* x, int width, float epsilon) {
  using P = Packet<T, kWide>;
  float mean = 0;
  if constexpr (kLayer) {
    float sum = 0;
    for (int i = threadIdx.x * P::kSize; i < width; i += kRowThreads * P::kSize) {
      const P in = P::load(x + i);
      for (int j = 0; j < P::kSize; ++j) sum += to_float(in.element[j]);
    }
    mean = block_sum(sum) / static_cast<float>(width);
  }
  float squares = 0;
  for (int i = threadIdx.x * P::kSize; i < width; i += kRowThreads * P::kSize) {
    const P in = P::load(x + i);
    for (int j = 0; j < P::kSize; ++j) squares += (to_float(in.element[j]) - mean) * (to_float(in.element[j]) - mean);
  }
  return {mean, rsqrtf(block_sum(squares) / static_cast<float>(width) + epsilon)};
}

template <class T, bool kWide, bool kLayer>
__global__ void __launch_bounds__(kRowThreads)
    norm_forward(T* x, const T* added, const T* weight, const T* bias, float epsilon, int width, T* y) {
  using P = Packet<T, kWide>;
  const long long row = static_cast<long long>(blockIdx.x) * width;
  x += row, y += row;
  // A thread reads again only what it wrote itself.
  if (added != nullptr)
    for (int i = threadIdx.x * P::kSize; i < width; i += kRowThreads * P::kSize) {
      P in = P::load(x + i);
      const P more = P::load(added + row + i);
      for (int j = 0; j < P::kSize; ++j) in.element[j] = from_float<T>(to_float(in.element[j]) + to_float(more.element[j]));
      in.store(x + i);
    }
  const RowScale of = scale_of<T, kWide, kLayer>(x, width, epsilon);
  for (int i = threadIdx.x * P::kSize; i < width; i += kRowThreads * P::kSize) {
    P in = P::load(x + i);
    const P factor = P::load(weight + i);
    P shift;
    if constexpr (kLayer) shift = P::load(bias + i);
    for (int j = 0; j < P::kSize; ++j) {
      float value = (to_float(in.element[j]) - of.mean) * of.scale * to_float(factor.element[j]);
      if constexpr (kLayer) value += to_float(shift.element[j]);
      in.element[j] = from_float<T>(value);
    }
    in.store(y + i);
  }
}

// With x̂ = (x − mean)·s, y = x̂·w (+ b) and g = w·dy:  dx = s·(g − x̂·mean(g·x̂) − mean(g)), the last of a layer norm only.
template <class T, bool kWide, bool kLayer>
__global__ void __launch_bounds__(kRowThreads)
    norm_backward(const T* x, const T* weight, const T* dy, const T* added, float epsilon, int width, T* dx) {
  using P = Packet<T, kWide>;
  const long long row = static_cast<long long>(blockIdx.x) * width;
  x += row, dy += row, dx += row;
  const RowScale of = scale_of<T, kWide, kLayer>(x, width, epsilon);
  float product = 0, sum = 0;
  for (int i = threadIdx.x * P::kSize; i < width; i += kRowThreads * P::kSize) {
    const P in = P::load(x + i), factor = P::load(weight + i), slope = P::load(dy + i);
    for (int j = 0; j < P::kSize; ++j) {
      const float g = to_float(factor.element[j]) * to_float(slope.element[j]);
      product += g * (to_float(in.element[j]) - of.mean) * of.scale;
      sum += g;
    }
  }
  const float along = block_sum(product) / static_cast<float>(width);
  const float level = kLayer ? block_sum(sum) / static_cast<float>(width) : 0.f;
  for (int i = threadIdx.x * P::kSize; i < width; i += kRowThreads * P::kSize) {
    P in = P::load(x + i);
    const P factor = P::load(weight + i), slope = P::load(dy + i);
    P more;
    if (added != nullptr) more = P::load(added + row + i);
    for (int j = 0; j < P::kSize; ++j) {
      const float g = to_float(factor.element[j]) * to_float(slope.element[j]);
      const float value = of.scale * (g - (to_float(in.element[j]) - of.mean) * of.scale * along - level);
      in.element[j] = from_float<T>(added != nullptr ? value + to_float(more.element[j]) : value);
    }
    in.store(dx + i);
  }
}

}  // namespace
}  // namespace hies::cuda

using namespace hies::cuda;

extern "C" {

int hies_cuda_norm_forward(const hies_cuda_norm* norm, void* x, const void* added, void* y, void* stream) {
  return with_type(norm->dtype, [&](auto element) {
    using T = decltype(element);
    const auto go = [&](auto kernel) {
      return launch(kernel, dim3(static_cast<unsigned>(norm->rows)), kRowThreads, 0, static_cast<cudaStream_t>(stream),
                    static_cast<T*>(x), static_cast<const T*>(added), static_cast<const T*>(norm->weight),
                    static_cast<const T*>(norm->bias), static_cast<float>(norm->epsilon), static_cast<int>(norm->width),
                    static_cast<T*>(y));
    };
    const bool packets = wide<T>(norm->width, {x, added, norm->weight, norm->bias, y});
    if (norm->bias != nullptr) return go(packets ? norm_forward<T, true, true> : norm_forward<T, false, true>);
    return go(packets ? norm_forward<T, true, false> : norm_forward<T, false, false>);
  });
}

int hies_cuda_norm_backward(const hies_cuda_norm* norm, const void* x, const void* dy, const void* added, void* dx,
                            void* stream) {
  return with_type(norm->dtype, [&](auto element) {
    using T = decltype(element);
    const auto go = [&](auto kernel) {
      return launch(kernel, dim3(static_cast<unsigned>(norm->rows)), kRowThreads, 0, static_cast<cudaStream_t>(stream),
                    static_cast<const T*>(x), static_cast<const T*>(norm->weight), static_cast<const T*>(dy),
                    static_cast<const T*>(added), static_cast<float>(norm->epsilon), static_cast<int>(norm->width),
                    static_cast<T*>(dx));
    };
    const bool packets = wide<T>(norm->width, {x, dy, added, norm->weight, dx});
    if (norm->bias != nullptr) return go(packets ? norm_backward<T, true, true> : norm_backward<T, false, true>);
    return go(packets ? norm_backward<T, true, false> : norm_backward<T, false, false>);
  });
}

}  // extern "C"
