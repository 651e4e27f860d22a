#pragma once

#include <cstdint>
#include <type_traits>

#include "hies/kernels/cuda/device/element.cuh"

// Asynchronous tensor-core products of a warpgroup (four warps, 64 rows) on sm_90a: PTX `wgmma.mma_async`, with operands in
// swizzled tiles in shared memory. A tile [rows][D] consists of D/64 panels [rows][64], one behind the other, each aligned to
// 1024 bytes. A row of a panel has 128 bytes in eight chunks of 16, and chunk c of row r is stored at c ^ (r % 8) (128-byte
// swizzle). Results: lane 4·g + t of warp w holds rows 16w + g and 16w + g + 8, columns 8n + 2t and 8n + 2t + 1, as sums[n][0…1]
// and sums[n][2…3].
namespace hies::cuda {

constexpr int kPanel = 64;  // columns of a panel

// Returns the index of element (row, column) of a tile of kRows rows.
template <int kRows>
__device__ int swizzled(int row, int column) {
  return column / kPanel * kRows * kPanel + row * kPanel + ((column % kPanel / 8) ^ (row % 8)) * 8 + column % 8;
}

// Returns an address that is the same in all lanes. The shuffle lets the compiler know that it is, and keep it in a uniform
// register.
__device__ inline std::uint32_t uniform(std::uint32_t address) { return __shfl_sync(0xffffffffu, address, 0); }

// The matrix descriptor of an operand of wgmma: its address, the distance of its panels (used only where the operand's columns
// are the product's columns), the distance of groups of eight rows, and the kind of swizzle. Distances are in units of 16 bytes.
struct MatrixDescriptor {
  std::uint32_t low;

  __device__ explicit MatrixDescriptor(std::uint32_t address, int panel_bytes = 16)
      : low((address & 0x3ffff) >> 4 | static_cast<std::uint32_t>(panel_bytes >> 4) << 16) {}
  // Returns the descriptor of the same matrix `units` · 16 bytes further on.
  __device__ MatrixDescriptor advanced(int units) const {
    MatrixDescriptor result = *this;
    result.low += units;
    return result;
  }
  __device__ std::uint64_t bits() const {
    constexpr std::uint64_t kEightRows = 8 * 2 * kPanel / 16, kSwizzle128 = 1;
    return kSwizzle128 << 62 | kEightRows << 32 | low;
  }
};

// The protocol: wgmma_fence before the first product whose registers were written since the last one, then products, then
// wgmma_commit, which makes them one group. wgmma_wait<N> waits until at most the N latest groups are incomplete.
__device__ inline void wgmma_fence() { asm volatile("wgmma.fence.sync.aligned;\n" ::: "memory"); }
__device__ inline void wgmma_commit() { asm volatile("wgmma.commit_group.sync.aligned;\n" ::: "memory"); }
template <int N>
__device__ void wgmma_wait() {
  asm volatile("wgmma.wait_group.sync.aligned %0;\n" ::"n"(N) : "memory");
}
// Keeps the compiler from moving reads or writes of result registers across this point while a product is in flight.
template <int N>
__device__ void fence_registers(float (&sums)[N][4]) {
#pragma unroll
  for (int n = 0; n < N; ++n)
#pragma unroll
    for (int i = 0; i < 4; ++i) asm volatile("" : "+f"(sums[n][i]));
}

#define HIES_REGISTERS_32                                                                                      \
  "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, " \
  "%23, %24, %25, %26, %27, %28, %29, %30, %31}"
#define HIES_REGISTERS_64                                                                                          \
  "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, "     \
  "%23, %24, %25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, " \
  "%45, %46, %47, %48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63}"
#define HIES_ROW(x, n) "+f"(x[n][0]), "+f"(x[n][1]), "+f"(x[n][2]), "+f"(x[n][3])
#define HIES_ROWS_4(x, n) HIES_ROW(x, n), HIES_ROW(x, n + 1), HIES_ROW(x, n + 2), HIES_ROW(x, n + 3)
#define HIES_SUMS_32(x) HIES_ROWS_4(x, 0), HIES_ROWS_4(x, 4)
#define HIES_SUMS_64(x) HIES_SUMS_32(x), HIES_ROWS_4(x, 8), HIES_ROWS_4(x, 12)

// sums = left · rightᵀ, or sums += if kAdd, of 16 columns of two tiles in shared memory.
#define HIES_WGMMA_SHARED_SHARED(type, width, count, left_name, right_name, add)                              \
  asm volatile("{.reg .pred p; setp.ne.b32 p, " add                                                           \
               ", 0;\n"                                                                                       \
               "wgmma.mma_async.sync.aligned.m64n" #width "k16.f32." type "." type " " HIES_REGISTERS_##count \
               ", " left_name ", " right_name ", p, 1, 1, 0, 0;}\n"                                           \
               : HIES_SUMS_##count(sums)                                                                      \
               : "l"(left.bits()), "l"(right.bits()), "n"(kAdd ? 1 : 0))
template <class T, bool kAdd, int N>
__device__ void wgmma_shared_shared(float (&sums)[N][4], MatrixDescriptor left, MatrixDescriptor right) {
  static_assert(N == 8 || N == 16);
  constexpr bool kBf16 = std::is_same_v<T, bf16>;
  if constexpr (N == 8 && kBf16) HIES_WGMMA_SHARED_SHARED("bf16", 64, 32, "%32", "%33", "%34");
  else if constexpr (N == 8) HIES_WGMMA_SHARED_SHARED("f16", 64, 32, "%32", "%33", "%34");
  else if constexpr (kBf16) HIES_WGMMA_SHARED_SHARED("bf16", 128, 64, "%64", "%65", "%66");
  else HIES_WGMMA_SHARED_SHARED("f16", 128, 64, "%64", "%65", "%66");
}

// sums += left · right: `left` is 16 columns in registers (each warp holds a fragment a of mma.sync), `right` is 16 rows of a
// tile in shared memory.
#define HIES_WGMMA_REGISTERS_SHARED(type, width, count, left_name, right_name)                       \
  asm volatile(                                                                                      \
      "{.reg .pred p; setp.eq.b32 p, 0, 0;\n"                                                        \
      "wgmma.mma_async.sync.aligned.m64n" #width "k16.f32." type "." type " " HIES_REGISTERS_##count \
      ", " left_name ", " right_name ", p, 1, 1, 1;}\n"                                              \
      : HIES_SUMS_##count(sums)                                                                      \
      : "r"(left[0]), "r"(left[1]), "r"(left[2]), "r"(left[3]), "l"(right.bits()))
template <class T, int N>
__device__ void wgmma_registers_shared(float (&sums)[N][4], const std::uint32_t (&left)[4], MatrixDescriptor right) {
  static_assert(N == 8 || N == 16);
  constexpr bool kBf16 = std::is_same_v<T, bf16>;
  if constexpr (N == 8 && kBf16) HIES_WGMMA_REGISTERS_SHARED("bf16", 64, 32, "{%32, %33, %34, %35}", "%36");
  else if constexpr (N == 8) HIES_WGMMA_REGISTERS_SHARED("f16", 64, 32, "{%32, %33, %34, %35}", "%36");
  else if constexpr (kBf16) HIES_WGMMA_REGISTERS_SHARED("bf16", 128, 64, "{%64, %65, %66, %67}", "%68");
  else HIES_WGMMA_REGISTERS_SHARED("f16", 128, 64, "{%64, %65, %66, %67}", "%68");
}

#undef HIES_WGMMA_REGISTERS_SHARED
#undef HIES_WGMMA_SHARED_SHARED
#undef HIES_SUMS_64
#undef HIES_SUMS_32
#undef HIES_ROWS_4
#undef HIES_ROW
#undef HIES_REGISTERS_64
#undef HIES_REGISTERS_32

}  // namespace hies::cuda
