#include "hies/kernels/variant.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <new>
#include <string>
#include <string_view>

#include "hies/base/error.h"

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

// Returns the variant that HIES_CPU_VARIANT names. Throws bad_input for an unknown name, unsupported for one that this processor cannot run.
const Variant* named(std::string_view name) {
  std::string known;
  for (const Variant* v : kVariants) {
    if (v->name == name && !v->supported())
      unsupported("HIES_CPU_VARIANT={}: this processor does not support it", printable(name));
    if (v->name == name) return v;
    known = known.empty() ? v->name : fmt::format("{}, {}", v->name, known);
  }
  throw Error(ErrorKind::bad_input, fmt::format("HIES_CPU_VARIANT={}: no such variant", printable(name)),
              "known variants: " + known);
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
  if (chosen == nullptr) {
    const char* name = std::getenv("HIES_CPU_VARIANT");
    in_use = chosen = name == nullptr ? best() : named(name);
  }
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
