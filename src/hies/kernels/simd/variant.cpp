#include "hies/kernels/simd/backward.h"
#include "hies/kernels/simd/forward.h"
#include "hies/kernels/simd/logits.h"

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

template <class Real>
LogitSummary summarise(const void* row, std::int64_t size) {
  return LogitRow<Real>(static_cast<Real*>(const_cast<void*>(row)), size).summarise();
}

template <class Real>
void softmax(void* row, std::int64_t size, const LogitSummary& summary, double share) {
  LogitRow<Real>(static_cast<Real*>(row), size).softmax(summary, share);
}

}  // namespace

#define HIES_TEXT_(x) #x
#define HIES_TEXT(x) HIES_TEXT_(x)
#define HIES_JOIN_(a, b) a##b
#define HIES_JOIN(a, b) HIES_JOIN_(a, b)
extern const Variant HIES_JOIN(variant_, HIES_VARIANT);
const Variant HIES_JOIN(variant_, HIES_VARIANT) = {HIES_TEXT(HIES_VARIANT), supported,        forward<float>,   forward<double>,
                                                   backward<float>,         backward<double>, summarise<float>, summarise<double>,
                                                   softmax<float>,          softmax<double>};

}  // namespace hies::kernels
