#pragma once

#include <cstdint>
#include <type_traits>
#include <utility>

// Arithmetic on N numbers at once with the compilers' vector extensions, so that one source compiles for every instruction set.
// Everything under simd/ has internal linkage: each instruction set's translation unit (variant.cpp) has its own copy, and the
// linker cannot merge a function compiled for AVX-512 into code that any CPU runs. For the same reason nothing here uses
// functions of the standard library.
namespace hies::kernels {
namespace {

#define HIES_INLINE __attribute__((always_inline)) inline

// The coefficients of a polynomial for 2^r, |r| ≤ ½, highest power first.
template <class Real>
struct Exp2Series;

template <>
struct Exp2Series<float> {  // those of Cephes' exp2f; error below 1 ulp
  static constexpr float values[] = {1.535336188319500e-4f,
                                     1.339887440266574e-3f,
                                     9.618437357674640e-3f,
                                     5.550332471162809e-2f,
                                     2.402264791363012e-1f,
                                     6.931472028550421e-1f,
                                     1.0f};
};

template <>
struct Exp2Series<double> {  // Taylor series, ln2^k / k!; the first omitted term is 4e-18
  static constexpr double values[] = {1.3691488853904127e-12, 2.5678435993488202e-11,
                                      4.4455382718708110e-10, 7.0549116208011230e-9,
                                      1.0178086009239699e-7,  1.3215486790144307e-6,
                                      1.5252733804059840e-5,  1.5403530393381608e-4,
                                      1.3333558146428443e-3,  9.6181291076284770e-3,
                                      5.5504108664821580e-2,  2.4022650695910070e-1,
                                      6.9314718055994530e-1,  1.0};
};

template <class Real, int N>
struct Lanes {
  static constexpr int kMantissa = sizeof(Real) == 4 ? 23 : 52;
  using Bits = std::conditional_t<sizeof(Real) == 4, std::uint32_t, std::uint64_t>;
  typedef Real Vec __attribute__((vector_size(N * sizeof(Real))));
  typedef Bits BitVec __attribute__((vector_size(N * sizeof(Real))));
  typedef std::make_signed_t<Bits> IntVec __attribute__((vector_size(N * sizeof(Real))));

  static HIES_INLINE Vec load(const Real* from) {
    Vec value;
    __builtin_memcpy(&value, from, sizeof value);
    return value;
  }
  static HIES_INLINE void store(Real* to, Vec value) { __builtin_memcpy(to, &value, sizeof value); }
  static HIES_INLINE Vec all(Real value) { return value - Vec{}; }
  static HIES_INLINE Vec larger(Vec a, Vec b) { return a > b ? a : b; }

  // Returns 2^x for x below 100, and 0 where that is below the smallest normal number.
  static HIES_INLINE Vec exp2(Vec x) {
    // Adding 1.5·2^mantissa leaves the nearest integer of x in the low bits.
    constexpr Real kShifter = static_cast<Real>(Bits{3} << (kMantissa - 1));
    constexpr Real kSmallest = sizeof(Real) == 4 ? -126 : -1022;
    const Vec shifted = x + kShifter, r = x - (shifted - kShifter);
    Vec power = all(Exp2Series<Real>::values[0]);
    for (std::size_t i = 1; i < sizeof(Exp2Series<Real>::values) / sizeof(Real); ++i)
      power = power * r + Exp2Series<Real>::values[i];
    const Vec result = reinterpret_cast<Vec>(reinterpret_cast<BitVec>(power) + (reinterpret_cast<BitVec>(shifted) << kMantissa));
    return x < kSmallest ? Vec{} : result;
  }

  // Returns ln x of positive normal numbers: with x = 2^k·m, m in √½ … √2, it is k·ln 2 + 2·artanh((m−1)/(m+1)).
  static HIES_INLINE Vec log(Vec x) {
    constexpr Bits kRootHalf = sizeof(Real) == 4 ? Bits{0x3f3504f3} : static_cast<Bits>(0x3fe6a09e667f3bcd);
    constexpr int kTerms = sizeof(Real) == 4 ? 5 : 12;
    const IntVec k = reinterpret_cast<IntVec>(reinterpret_cast<BitVec>(x) - kRootHalf) >> kMantissa;
    const Vec m = reinterpret_cast<Vec>(reinterpret_cast<BitVec>(x) - (reinterpret_cast<BitVec>(k) << kMantissa));
    const Vec s = (m - 1) / (m + 1), z = s * s;
    Vec series = all(Real(1) / (2 * kTerms - 1));
    for (int i = kTerms - 2; i >= 0; --i) series = series * z + Real(1) / static_cast<Real>(2 * i + 1);
    return __builtin_convertvector(k, Vec) * Real(0.6931471805599453094) + 2 * s * series;
  }

  // Transposes the rows in place, rows[i][j] ↔ rows[j][i], by swapping off-diagonal squares of sizes 1, 2, 4, …
  static HIES_INLINE void transpose(Vec (&rows)[N]) { swap_squares<1>(rows, std::make_integer_sequence<int, N>()); }

 private:
  template <int Size, int... Lane>
  static HIES_INLINE void swap_squares(Vec (&rows)[N], std::integer_sequence<int, Lane...> lanes) {
    if constexpr (Size < N) {
      for (int i = 0; i < N; ++i) {
        if ((i & Size) != 0) continue;
        const Vec a = rows[i], b = rows[i + Size];
        rows[i] = __builtin_shufflevector(a, b, ((Lane & Size) == 0 ? Lane : N + Lane - Size)...);
        rows[i + Size] = __builtin_shufflevector(a, b, ((Lane & Size) == 0 ? Lane + Size : N + Lane)...);
      }
      swap_squares<2 * Size>(rows, lanes);
    }
  }
};

}  // namespace
}  // namespace hies::kernels
