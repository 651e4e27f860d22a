#include "hies/kernels/simd/backward.h"
#include "hies/kernels/simd/forward.h"

// Compiled once per instruction set: HIES_VARIANT names it (CMakeLists.txt), and the compiler's -m flags give it.
namespace hies::kernels {
namespace {

bool supported() {
#if defined(__AVX512F__)
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("fma");
#elif defined(__AVX2__)
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
  return true;
#endif
}

template <class Real>
double forward(const ForwardItem& item) {
  return ForwardPass<Real>(item).run();
}

template <class Real>
void backward(const BackwardItem& item) {
  BackwardPass<Real>(item).run();
}

}  // namespace

#define HIES_TEXT_(x) #x
#define HIES_TEXT(x) HIES_TEXT_(x)
#define HIES_JOIN_(a, b) a##b
#define HIES_JOIN(a, b) HIES_JOIN_(a, b)
extern const Variant HIES_JOIN(variant_, HIES_VARIANT);
const Variant HIES_JOIN(variant_, HIES_VARIANT) = {HIES_TEXT(HIES_VARIANT), supported,       forward<float>,
                                                   forward<double>,         backward<float>, backward<double>};

}  // namespace hies::kernels
