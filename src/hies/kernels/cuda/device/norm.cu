#include "hies/kernels/cuda/device/launch.cuh"
#include "hies/kernels/cuda/device/packet.cuh"

// The norms of rows, with the sum before them. A short row belongs to one warp, a long one to a block, whose threads keep it in registers;
// a very long one is read from memory once and from the cache after that.
namespace hies::cuda {
namespace {

// Packets that a thread keeps: of a warp's row up to 1,024 elements, of a block's up to 8,192.
template <class T>
constexpr int kPackets = 2 * sizeof(T);

// The packets of one row that belong to a thread.
// kKept: how many it keeps; 0: none, of a row of any length.
template <class T, bool kWide, int kLanes, int kKept>
class Row {
 public:
  using P = Packet<T, kWide>;

  __device__ Row(const T* from, int width) : from_(from), width_(width) {
    if constexpr (kKept > 0)
#pragma unroll
      for (int k = 0; k < kKept; ++k)
        if (place(k) < width) kept_[k] = P::load(from + place(k));
  }

  // Calls visit(place of its first element, packet) for each; what it does to the packet is kept only by a warp's row.
  template <class Visit>
  __device__ void each(const Visit& visit) {
    for_each(width_, [&](int i, int k) {
      P packet = at(i, k);
      visit(i, packet);
      if constexpr (kKept > 0) kept_[k] = packet;
    });
  }
  // Calls visit(place, packet, the other row's packet) for each.
  template <class Visit>
  __device__ void each_with(const Row& other, const Visit& visit) const {
    for_each(width_, [&](int i, int k) { visit(i, at(i, k), other.at(i, k)); });
  }

  // The sum of term(packet) over the row, in one fixed order; all its threads get it.
  template <class Term>
  __device__ float sum(const Term& term) {
    float sum = 0;
    each([&](int, P& packet) {
      for (int j = 0; j < P::kSize; ++j) sum += term(to_float(packet.element[j]));
    });
    return row_sum(sum);
  }
  static __device__ float row_sum(float value) {
    if constexpr (kLanes == 32) {
#pragma unroll
      for (int step = 16; step > 0; step /= 2) value += __shfl_xor_sync(0xffffffffu, value, step);
      return value;
    } else {
      return block_sum(value);
    }
  }

 private:
  __device__ P at(int i, int k) const {
    if constexpr (kKept > 0) return kept_[k];
    else return P::load(from_ + i);
  }
  template <class Visit>
  static __device__ void for_each(int width, const Visit& visit) {
    if constexpr (kKept > 0) {
#pragma unroll
      for (int k = 0; k < kKept; ++k)
        if (place(k) < width) visit(place(k), k);
    } else {
      for (int i = threadIdx.x * P::kSize; i < width; i += kLanes * P::kSize) visit(i, 0);
    }
  }
  static __device__ int place(int k) { return (static_cast<int>(threadIdx.x) % kLanes + kLanes * k) * P::kSize; }
  const T* from_;
  int width_;
  P kept_[kKept > 0 ? kKept : 1];
};

// Mean (of a layer norm; else 0) and 1/√(variance + ε) of a row.
struct RowScale {
  float mean, scale;
};

template <bool kLayer, class AnyRow>
__device__ RowScale scale_of(AnyRow& row, int width, float epsilon) {
  const auto share = 1.f / static_cast<float>(width);
  float mean = 0;
  if constexpr (kLayer) mean = row.sum([](float x) { return x; }) * share;
  return {mean, rsqrtf(row.sum([mean](float x) { return (x - mean) * (x - mean); }) * share + epsilon)};
}

// The row of this thread; a warp behind the last has none.
template <int kLanes>
__device__ long long row_here() {
  constexpr int kRows = kRowThreads / kLanes;
  return static_cast<long long>(blockIdx.x) * kRows + threadIdx.x / kLanes;
}

template <class T, bool kWide, bool kLayer, int kLanes, int kKept>
__global__ void __launch_bounds__(kRowThreads)
    norm_forward(T* x, const T* added, const T* weight, const T* bias, float epsilon, long long rows, int width, T* y) {
  using P = Packet<T, kWide>;
  const long long start = row_here<kLanes>() * width;
  if (start >= rows * width) return;
  x += start, y += start;
  Row<T, kWide, kLanes, kKept> row(x, width);
  // A thread reads again only what it wrote itself.
  if (added != nullptr)
    row.each([&](int i, P& in) {
      const P more = P::load(added + start + i);
      for (int j = 0; j < P::kSize; ++j) in.element[j] = from_float<T>(to_float(in.element[j]) + to_float(more.element[j]));
      in.store(x + i);
    });
  const RowScale of = scale_of<kLayer>(row, width, epsilon);
  row.each([&](int i, const P& in) {
    const P factor = P::load(weight + i);
    P shift, out;
    if constexpr (kLayer) shift = P::load(bias + i);
    for (int j = 0; j < P::kSize; ++j) {
      float value = (to_float(in.element[j]) - of.mean) * of.scale * to_float(factor.element[j]);
      if constexpr (kLayer) value += to_float(shift.element[j]);
      out.element[j] = from_float<T>(value);
    }
    out.store(y + i);
  });
}

// With x̂ = (x − mean)·s, y = x̂·w (+ b) and g = w·dy:  dx = s·(g − x̂·mean(g·x̂) − mean(g)), the last of a layer norm only.
template <class T, bool kWide, bool kLayer, int kLanes, int kKept>
__global__ void __launch_bounds__(kRowThreads)
    norm_backward(const T* x, const T* weight, const T* dy, const T* added, float epsilon, long long rows, int width, T* dx) {
  using P = Packet<T, kWide>;
  const long long start = row_here<kLanes>() * width;
  if (start >= rows * width) return;
  // All that the row needs is asked for before any of it is waited for.
  Row<T, kWide, kLanes, kKept> row(x + start, width);
  const Row<T, kWide, kLanes, kKept> slopes(dy + start, width);
  const RowScale of = scale_of<kLayer>(row, width, epsilon);
  float product = 0, sum = 0;
  row.each_with(slopes, [&](int i, const P& in, const P& slope) {
    const P factor = P::load(weight + i);
    for (int j = 0; j < P::kSize; ++j) {
      const float g = to_float(factor.element[j]) * to_float(slope.element[j]);
      product += g * (to_float(in.element[j]) - of.mean) * of.scale;
      sum += g;
    }
  });
  const float along = row.row_sum(product) / static_cast<float>(width);
  const float level = kLayer ? row.row_sum(sum) / static_cast<float>(width) : 0.f;
  row.each_with(slopes, [&](int i, const P& in, const P& slope) {
    const P factor = P::load(weight + i);
    P more, out;
    if (added != nullptr) more = P::load(added + start + i);
    for (int j = 0; j < P::kSize; ++j) {
      const float g = to_float(factor.element[j]) * to_float(slope.element[j]);
      const float value = of.scale * (g - (to_float(in.element[j]) - of.mean) * of.scale * along - level);
      out.element[j] = from_float<T>(added != nullptr ? value + to_float(more.element[j]) : value);
    }
    out.store(dx + start + i);
  });
}

// Calls go(threads of a row, packets that each keeps).
template <class T, class Go>
int with_lanes(std::int64_t width, bool packets, const Go& go) {
  const std::int64_t kept = kPackets<T> * static_cast<std::int64_t>(packets ? 16 / sizeof(T) : 1);
  if (width <= 32 * kept) return go(Size<32>{}, Size<kPackets<T>>{});
  if (width <= kRowThreads * kept) return go(Size<kRowThreads>{}, Size<kPackets<T>>{});
  return go(Size<kRowThreads>{}, Size<0>{});
}

template <int kLanes>
dim3 row_grid(const hies_cuda_norm& norm) {
  return dim3(tiles_of(norm.rows, kRowThreads / kLanes));
}

}  // namespace
}  // namespace hies::cuda

using namespace hies::cuda;

extern "C" {

int hies_cuda_norm_forward(const hies_cuda_norm* norm, void* x, const void* added, void* y, void* stream) {
  return with_type(norm->dtype, [&](auto element) {
    using T = decltype(element);
    const bool packets = wide<T>(norm->width, {x, added, norm->weight, norm->bias, y});
    return with_lanes<T>(norm->width, packets, [&](auto lanes, auto kept) {
      const auto go = [&](auto kernel) {
        return launch(kernel, row_grid<lanes.value>(*norm), kRowThreads, 0, static_cast<cudaStream_t>(stream), static_cast<T*>(x),
                      static_cast<const T*>(added), static_cast<const T*>(norm->weight), static_cast<const T*>(norm->bias),
                      static_cast<float>(norm->epsilon), static_cast<long long>(norm->rows), static_cast<int>(norm->width),
                      static_cast<T*>(y));
      };
      constexpr int kLanes = lanes.value, kKept = kept.value;
      if (norm->bias != nullptr)
        return go(packets ? norm_forward<T, true, true, kLanes, kKept> : norm_forward<T, false, true, kLanes, kKept>);
      return go(packets ? norm_forward<T, true, false, kLanes, kKept> : norm_forward<T, false, false, kLanes, kKept>);
    });
  });
}

int hies_cuda_norm_backward(const hies_cuda_norm* norm, const void* x, const void* dy, const void* added, void* dx,
                            void* stream) {
  return with_type(norm->dtype, [&](auto element) {
    using T = decltype(element);
    const bool packets = wide<T>(norm->width, {x, dy, added, norm->weight, dx});
    return with_lanes<T>(norm->width, packets, [&](auto lanes, auto kept) {
      const auto go = [&](auto kernel) {
        return launch(kernel, row_grid<lanes.value>(*norm), kRowThreads, 0, static_cast<cudaStream_t>(stream),
                      static_cast<const T*>(x), static_cast<const T*>(norm->weight), static_cast<const T*>(dy),
                      static_cast<const T*>(added), static_cast<float>(norm->epsilon), static_cast<long long>(norm->rows),
                      static_cast<int>(norm->width), static_cast<T*>(dx));
      };
      constexpr int kLanes = lanes.value, kKept = kept.value;
      if (norm->bias != nullptr)
        return go(packets ? norm_backward<T, true, true, kLanes, kKept> : norm_backward<T, false, true, kLanes, kKept>);
      return go(packets ? norm_backward<T, true, false, kLanes, kKept> : norm_backward<T, false, false, kLanes, kKept>);
    });
  });
}

}  // extern "C"
