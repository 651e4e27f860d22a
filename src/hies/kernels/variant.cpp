#include "hies/kernels/variant.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <new>

namespace hies::kernels {

extern const Variant variant_baseline;
#ifdef HIES_WITH_AVX2
extern const Variant variant_avx2;
extern const Variant variant_avx512;
#endif

namespace {

constexpr const Variant* kVariants[] = {
#ifdef HIES_WITH_AVX2
    &variant_avx512, &variant_avx2,
#endif
    &variant_baseline};

const Variant* best() {
  return *std::find_if(std::begin(kVariants), std::end(kVariants), [](auto* v) { return v->supported(); });
}

std::atomic<const Variant*> in_use{nullptr};

struct Free {
  void operator()(void* memory) const { std::free(memory); }
};

}  // namespace

Variants variants() { return {kVariants, std::size(kVariants)}; }

void use_variant(const Variant* chosen) { in_use = chosen; }

const Variant& variant() {
  const Variant* chosen = in_use;
  if (chosen == nullptr) in_use = chosen = best();
  return *chosen;
}

void* scratch(std::size_t bytes) {
  thread_local std::unique_ptr<void, Free> memory;
  thread_local std::size_t size = 0;
  if (bytes > size) {
    memory.reset();
    size = 0;
    const std::size_t rounded = (bytes + 4095) / 4096 * 4096;
    memory.reset(std::aligned_alloc(4096, rounded));
    if (!memory) throw std::bad_alloc();
    size = rounded;
  }
  return memory.get();
}

}  // namespace hies::kernels
