#include "hies/kernels/cuda/device/launch.cuh"
#include "hies/kernels/cuda/device/reduce.cuh"
#include "hies/kernels/cuda/device/row_vector.cuh"

// RMSNorm and LayerNorm of rows, fused with the residual sum before them. A warp computes a short row and a block a long one;
// their threads keep the row in registers. A row that is too long for that is read once from memory and afterwards from the
// cache.
namespace hies::cuda {
namespace {

// The RowVectors that a thread keeps in registers: those of a warp's row of up to 1,024 elements, or of a block's of up to 8,192.
template <class T>
constexpr int kVectors = 2 * sizeof(T);

// The part of one row that belongs to a thread. kLanes threads share the row. Each keeps kKept vectors in registers; if kKept is
// 0, none, and the row may have any length.
template <class T, bool kVectorised, int kLanes, int kKept>
class Row {
 public:
  using Vector = RowVector<T, kVectorised>;

  __device__ Row(const T* from, int width) : from_(from), width_(width) {
    if constexpr (kKept > 0)
#pragma unroll
      for (int k = 0; k < kKept; ++k)
        if (column(k) < width) kept_[k] = Vector::load(from + column(k));
  }

  // Calls visit(column of its first element, vector) for each vector of this thread. Changes of the vector are kept only if kKept
  // > 0.
  template <class Visit>
  __device__ void each(const Visit& visit) {
    for_each(width_, [&](int i, int k) {
      Vector vector = at(i, k);
      visit(i, vector);
      if constexpr (kKept > 0) kept_[k] = vector;
    });
  }
  // Calls visit(column, vector, vector of the other row) for each vector of this thread.
  template <class Visit>
  __device__ void each_with(const Row& other, const Visit& visit) const {
    for_each(width_, [&](int i, int k) { visit(i, at(i, k), other.at(i, k)); });
  }

  // Returns the sum of term(element) over the row, to all its threads.
  template <class Term>
  __device__ float sum(const Term& term) {
    float sum = 0;
    each([&](int, Vector& vector) {
      for (int j = 0; j < Vector::kSize; ++j) sum += term(to_float(vector.element[j]));
    });
    return row_sum(sum);
  }
  // Returns the sum of `value` over the threads of the row, to all of them.
  static __device__ float row_sum(float value) {
    if constexpr (kLanes == 32) return lane_sum<32>(value);
    else return block_sum(value);
  }

 private:
  __device__ Vector at(int i, int k) const {
    if constexpr (kKept > 0) return kept_[k];
    else return Vector::load(from_ + i);
  }
  template <class Visit>
  static __device__ void for_each(int width, const Visit& visit) {
    if constexpr (kKept > 0) {
#pragma unroll
      for (int k = 0; k < kKept; ++k)
        if (column(k) < width) visit(column(k), k);
    } else {
      for (int i = threadIdx.x * Vector::kSize; i < width; i += kLanes * Vector::kSize) visit(i, 0);
    }
  }
  static __device__ int column(int k) { return (static_cast<int>(threadIdx.x) % kLanes + kLanes * k) * Vector::kSize; }
  const T* from_;
  int width_;
  Vector kept_[kKept > 0 ? kKept : 1];
};

struct RowStatistics {
  float mean;               // 0 for RMSNorm
  float inverse_deviation;  // 1/√(variance + ε); for RMSNorm 1/√(mean of squares + ε)
};

template <bool kLayerNorm, class AnyRow>
__device__ RowStatistics statistics_of(AnyRow& row, int width, float epsilon) {
  const auto inverse_width = 1.f / static_cast<float>(width);
  float mean = 0;
  if constexpr (kLayerNorm) mean = row.sum([](float x) { return x; }) * inverse_width;
  return {mean, rsqrtf(row.sum([mean](float x) { return (x - mean) * (x - mean); }) * inverse_width + epsilon)};
}

// Returns the index of this thread's row. A warp of the last block may have none: then it is not below the number of rows.
template <int kLanes>
__device__ long long row_index() {
  constexpr int kRows = kRowThreads / kLanes;
  return static_cast<long long>(blockIdx.x) * kRows + threadIdx.x / kLanes;
}

template <class T, bool kVectorised, bool kLayerNorm, int kLanes, int kKept>
__global__ void __launch_bounds__(kRowThreads)
    norm_forward(T* x, const T* residual, const T* weight, const T* bias, float epsilon, long long rows, int width, T* y) {
  using Vector = RowVector<T, kVectorised>;
  const long long start = row_index<kLanes>() * width;
  if (start >= rows * width) return;
  x += start, y += start;
  Row<T, kVectorised, kLanes, kKept> row(x, width);
  // Threads read x again below without synchronisation: each reads only the elements that it wrote itself.
  if (residual != nullptr)
    row.each([&](int i, Vector& in) {
      const Vector added = Vector::load(residual + start + i);
      for (int j = 0; j < Vector::kSize; ++j) in.element[j] = from_float<T>(to_float(in.element[j]) + to_float(added.element[j]));
      in.store(x + i);
    });
  const RowStatistics of = statistics_of<kLayerNorm>(row, width, epsilon);
  row.each([&](int i, const Vector& in) {
    const Vector factor = Vector::load(weight + i);
    Vector shift, out;
    if constexpr (kLayerNorm) shift = Vector::load(bias + i);
    for (int j = 0; j < Vector::kSize; ++j) {
      float value = (to_float(in.element[j]) - of.mean) * of.inverse_deviation * to_float(factor.element[j]);
      if constexpr (kLayerNorm) value += to_float(shift.element[j]);
      out.element[j] = from_float<T>(value);
    }
    out.store(y + i);
  });
}

// With x̂ = (x − mean)·s, s the inverse deviation, y = x̂·w (+ b) and g = w·dy:  dx = s·(g − x̂·mean(g·x̂) − mean(g)); for
// RMSNorm without mean(g).
template <class T, bool kVectorised, bool kLayerNorm, int kLanes, int kKept>
__global__ void __launch_bounds__(kRowThreads)
    norm_backward(const T* x, const T* weight, const T* dy, const T* residual, float epsilon, long long rows, int width, T* dx) {
  using Vector = RowVector<T, kVectorised>;
  const long long start = row_index<kLanes>() * width;
  if (start >= rows * width) return;
  // The loads of x and dy are issued before either is used.
  Row<T, kVectorised, kLanes, kKept> row(x + start, width);
  const Row<T, kVectorised, kLanes, kKept> gradients(dy + start, width);
  const RowStatistics of = statistics_of<kLayerNorm>(row, width, epsilon);
  float product = 0, sum = 0;
  row.each_with(gradients, [&](int i, const Vector& in, const Vector& gradient) {
    const Vector factor = Vector::load(weight + i);
    for (int j = 0; j < Vector::kSize; ++j) {
      const float g = to_float(factor.element[j]) * to_float(gradient.element[j]);
      product += g * (to_float(in.element[j]) - of.mean) * of.inverse_deviation;
      sum += g;
    }
  });
  const float mean_product = row.row_sum(product) / static_cast<float>(width);
  const float mean_gradient = kLayerNorm ? row.row_sum(sum) / static_cast<float>(width) : 0.f;
  row.each_with(gradients, [&](int i, const Vector& in, const Vector& gradient) {
    const Vector factor = Vector::load(weight + i);
    Vector added, out;
    if (residual != nullptr) added = Vector::load(residual + start + i);
    for (int j = 0; j < Vector::kSize; ++j) {
      const float g = to_float(factor.element[j]) * to_float(gradient.element[j]);
      const float value =
          of.inverse_deviation * (g - (to_float(in.element[j]) - of.mean) * of.inverse_deviation * mean_product - mean_gradient);
      out.element[j] = from_float<T>(residual != nullptr ? value + to_float(added.element[j]) : value);
    }
    out.store(dx + start + i);
  });
}

// Calls run(Size<threads of a row>{}, Size<vectors that each keeps>{}) for rows of `width` elements and returns what it returns.
template <class T, class Run>
int with_row_threads(std::int64_t width, bool vectorised, const Run& run) {
  const std::int64_t kept = kVectors<T> * static_cast<std::int64_t>(vectorised ? 16 / sizeof(T) : 1);
  if (width <= 32 * kept) return run(Size<32>{}, Size<kVectors<T>>{});
  if (width <= kRowThreads * kept) return run(Size<kRowThreads>{}, Size<kVectors<T>>{});
  return run(Size<kRowThreads>{}, Size<0>{});
}

template <int kLanes>
dim3 row_grid(const hies_cuda_norm& norm) {
  return dim3(tiles_of(norm.rows, kRowThreads / kLanes));
}

}  // namespace
}  // namespace hies::cuda

using namespace hies::cuda;

extern "C" {

int hies_cuda_norm_forward(const hies_cuda_norm* norm, void* x, const void* residual, void* y, void* stream) {
  return with_type(norm->dtype, [&](auto element) {
    using T = decltype(element);
    const bool vectorised = vectorisable<T>(norm->width, {x, residual, norm->weight, norm->bias, y});
    return with_row_threads<T>(norm->width, vectorised, [&](auto lanes, auto kept) {
      const auto run = [&](auto kernel) {
        return launch(kernel, row_grid<lanes.value>(*norm), kRowThreads, 0, static_cast<cudaStream_t>(stream), static_cast<T*>(x),
                      static_cast<const T*>(residual), static_cast<const T*>(norm->weight), static_cast<const T*>(norm->bias),
                      static_cast<float>(norm->epsilon), static_cast<long long>(norm->rows), static_cast<int>(norm->width),
                      static_cast<T*>(y));
      };
      constexpr int kLanes = lanes.value, kKept = kept.value;
      if (norm->bias != nullptr)
        return run(vectorised ? norm_forward<T, true, true, kLanes, kKept> : norm_forward<T, false, true, kLanes, kKept>);
      return run(vectorised ? norm_forward<T, true, false, kLanes, kKept> : norm_forward<T, false, false, kLanes, kKept>);
    });
  });
}

int hies_cuda_norm_backward(const hies_cuda_norm* norm, const void* x, const void* dy, const void* residual, void* dx,
                            void* stream) {
  return with_type(norm->dtype, [&](auto element) {
    using T = decltype(element);
    const bool vectorised = vectorisable<T>(norm->width, {x, dy, residual, norm->weight, dx});
    return with_row_threads<T>(norm->width, vectorised, [&](auto lanes, auto kept) {
      const auto run = [&](auto kernel) {
        return launch(kernel, row_grid<lanes.value>(*norm), kRowThreads, 0, static_cast<cudaStream_t>(stream),
                      static_cast<const T*>(x), static_cast<const T*>(norm->weight), static_cast<const T*>(dy),
                      static_cast<const T*>(residual), static_cast<float>(norm->epsilon), static_cast<long long>(norm->rows),
                      static_cast<int>(norm->width), static_cast<T*>(dx));
      };
      constexpr int kLanes = lanes.value, kKept = kept.value;
      if (norm->bias != nullptr)
        return run(vectorised ? norm_backward<T, true, true, kLanes, kKept> : norm_backward<T, false, true, kLanes, kKept>);
      return run(vectorised ? norm_backward<T, true, false, kLanes, kKept> : norm_backward<T, false, false, kLanes, kKept>);
    });
  });
}

}  // extern "C"
