#include "hies/kernels/attention.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "hies/base/error.h"
#include "hies/kernels/parallel.h"

namespace hies::kernels {
namespace {

float widen(std::uint16_t value) { return std::bit_cast<float>(static_cast<std::uint32_t>(value) << 16); }
std::uint16_t narrow(float value) {
  auto bits = std::bit_cast<std::uint32_t>(value);
  if (value != value) return 0x7fc0;
  bits += 0x7fff + ((bits >> 16) & 1);
  return static_cast<std::uint16_t>(bits >> 16);
}

template <class T, class Real>
void read(const Strided& view, std::int64_t token, std::int64_t head, std::int64_t size, Real* row) {
  const T* data = static_cast<const T*>(view.data) + token * view.token_stride + head * view.head_stride;
  for (std::int64_t d = 0; d < size; ++d) {
    if constexpr (sizeof(T) == 2) row[d] = widen(data[d]);
    else row[d] = data[d];
  }
}

template <class T, class Real>
void write(const Strided& view, std::int64_t token, std::int64_t head, std::int64_t size, const Real* row) {
  T* data = static_cast<T*>(view.data) + token * view.token_stride + head * view.head_stride;
  for (std::int64_t d = 0; d < size; ++d) {
    if constexpr (sizeof(T) == 2) data[d] = narrow(row[d]);
    else data[d] = row[d];
  }
}

template <class Real>
Real dot(const Real* a, const Real* b, std::int64_t size) {
  Real sum = 0;
#pragma omp simd reduction(+ : sum)
  for (std::int64_t d = 0; d < size; ++d) sum += a[d] * b[d];
  return sum;
}

struct Keys {
  std::int64_t first, last;  // seen: first … last−1
};

Keys seen(const AttentionShape& shape, std::int64_t queries, std::int64_t keys, std::int64_t query) {
  if (!shape.causal) return {0, keys};
  const std::int64_t end = std::clamp<std::int64_t>(keys - queries + query + 1, 0, keys);
  return {shape.window > 0 ? std::max<std::int64_t>(end - shape.window, 0) : 0, end};
}

template <class T, class Real>
void forward(const AttentionShape& shape, const AttentionForward& a) {
  const std::int64_t D = shape.head_dim, H = shape.heads;
  parallel_for(shape.sequences * H, [&](std::int64_t item) {
    const std::int64_t b = item / H, head = item % H, kv = shape.kv_of_head[head];
    const std::int64_t q0 = shape.query_offsets[b], T_ = shape.query_offsets[b + 1] - q0;
    const std::int64_t k0 = shape.key_offsets[b], S = shape.key_offsets[b + 1] - k0;
    const bool skip = a.skip_head != nullptr && a.skip_head[head] != 0;
    std::vector<Real> q(D), out(D), k, v;
    if (!skip) {
      k.resize(S * D);
      if (a.out.data) v.resize(S * D);
      for (std::int64_t s = 0; s < S; ++s) read<T>(a.k, k0 + s, kv, D, &k[s * D]);
      if (a.out.data)
        for (std::int64_t s = 0; s < S; ++s) read<T>(a.v, k0 + s, kv, D, &v[s * D]);
    }
    double entropy = 0;
    for (std::int64_t i = 0; i < T_; ++i) {
      const Keys keys = skip ? Keys{0, 0} : seen(shape, T_, S, i);
      Real m = -std::numeric_limits<Real>::infinity(), l = 0, t = 0;
      std::fill(out.begin(), out.end(), Real(0));
      read<T>(a.q, q0 + i, head, D, q.data());
      for (std::int64_t s = keys.first; s < keys.last; ++s) {
        const Real logit = static_cast<Real>(shape.scale) * dot(q.data(), &k[s * D], D);
        if (logit > m) {
          const Real shift = m - logit, factor = std::exp(shift);
          t = l > 0 ? factor * (t + l * shift) : 0;
          l *= factor;
          for (Real& value : out) value *= factor;
          m = logit;
        }
        const Real x = logit - m, p = std::exp(x);
        l += p;
        t += p * x;
        if (a.out.data)
          for (std::int64_t d = 0; d < D; ++d) out[d] += p * v[s * D + d];
      }
      const std::int64_t count = keys.last - keys.first;
      if (count > 0)
        for (Real& value : out) value /= l;
      if (count > 1) entropy += (std::log(double(l)) - double(t) / double(l)) / std::log(double(count));
      if (a.out.data) write<T>(a.out, q0 + i, head, D, out.data());
      if (a.lse) static_cast<Real*>(a.lse)[(q0 + i) * H + head] = m + std::log(l);
    }
    if (a.entropy && !skip) a.entropy[item] += entropy;
  });
  if (a.entropy_queries) {
    for (std::int64_t b = 0; b < shape.sequences; ++b) {
      const std::int64_t T_ = shape.query_offsets[b + 1] - shape.query_offsets[b],
                         S = shape.key_offsets[b + 1] - shape.key_offsets[b];
      a.entropy_queries[b] = 0;
      for (std::int64_t i = 0; i < T_; ++i) {
        const Keys keys = seen(shape, T_, S, i);
        a.entropy_queries[b] += keys.last - keys.first > 1;
      }
    }
  }
}

template <class T, class Real>
void backward(const AttentionShape& shape, const AttentionBackward& a) {
  const std::int64_t D = shape.head_dim, H = shape.heads, K = shape.kv_heads;
  const bool gradients = a.dq.data || a.dk.data || a.dv.data;
  parallel_for(shape.sequences * K, [&](std::int64_t item) {
    const std::int64_t b = item / K, kv = item % K;
    const std::int64_t q0 = shape.query_offsets[b], T_ = shape.query_offsets[b + 1] - q0;
    const std::int64_t k0 = shape.key_offsets[b], S = shape.key_offsets[b + 1] - k0;
    std::vector<Real> q(D), out(D), dout(D), dq(D), k, v, dk, dv;
    if (gradients) {
      k.resize(S * D), v.resize(S * D), dk.resize(S * D), dv.resize(S * D);
      for (std::int64_t s = 0; s < S; ++s) read<T>(a.k, k0 + s, kv, D, &k[s * D]), read<T>(a.v, k0 + s, kv, D, &v[s * D]);
    }
    for (std::int64_t head = 0; head < H; ++head) {
      if (shape.kv_of_head[head] != kv) continue;
      const bool skip = a.skip_head != nullptr && a.skip_head[head] != 0;
      for (std::int64_t i = 0; i < T_; ++i) {
        std::fill(dq.begin(), dq.end(), Real(0));
        Real inner = 0;
        if (!skip) {
          read<T>(a.out, q0 + i, head, D, out.data());
          read<T>(a.dout, q0 + i, head, D, dout.data());
          inner = dot(out.data(), dout.data(), D);
        }
        if (a.head_inner) static_cast<Real*>(a.head_inner)[(q0 + i) * H + head] = inner;
        if (gradients && !skip) {
          const Keys keys = seen(shape, T_, S, i);
          read<T>(a.q, q0 + i, head, D, q.data());
          const auto scale = static_cast<Real>(shape.scale);
          const Real lse = static_cast<const Real*>(a.lse)[(q0 + i) * H + head];
          for (std::int64_t s = keys.first; s < keys.last; ++s) {
            const Real p = std::exp(scale * dot(q.data(), &k[s * D], D) - lse);
            const Real ds = p * (dot(dout.data(), &v[s * D], D) - inner) * scale;
            for (std::int64_t d = 0; d < D; ++d) {
              dq[d] += ds * k[s * D + d];
              dk[s * D + d] += ds * q[d];
              dv[s * D + d] += p * dout[d];
            }
          }
        }
        if (a.dq.data) write<T>(a.dq, q0 + i, head, D, dq.data());
      }
    }
    for (std::int64_t s = 0; s < S; ++s) {
      if (a.dk.data) write<T>(a.dk, k0 + s, kv, D, &dk[s * D]);
      if (a.dv.data) write<T>(a.dv, k0 + s, kv, D, &dv[s * D]);
    }
  });
}

}  // namespace

void attention_forward(const AttentionShape& shape, const AttentionForward& arguments) {
  switch (shape.dtype) {
    case DType::float32: return forward<float, float>(shape, arguments);
    case DType::float64: return forward<double, double>(shape, arguments);
    case DType::bfloat16: return forward<std::uint16_t, float>(shape, arguments);
  }
}

void attention_backward(const AttentionShape& shape, const AttentionBackward& arguments) {
  switch (shape.dtype) {
    case DType::float32: return backward<float, float>(shape, arguments);
    case DType::float64: return backward<double, double>(shape, arguments);
    case DType::bfloat16: return backward<std::uint16_t, float>(shape, arguments);
  }
}

}  // namespace hies::kernels
