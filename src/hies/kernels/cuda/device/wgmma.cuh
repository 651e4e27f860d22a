#pragma once

#include <cstdint>
#include <type_traits>

#include "hies/kernels/cuda/device/element.cuh"

// Tensor-core products of a warpgroup (four warps, 64 rows), of sm_90a: PTX `wgmma.mma_async` with operands from swizzled tiles in shared
// memory, which run while the warps go on. A tile [rows][D] stands there as D/64 panels [rows][64], one behind the other, each at a
// multiple of 1024 bytes; a panel's rows are 128 bytes, whose eight parts of 16 are exchanged by the row's number (128-byte swizzle).
// Results: warp w of the group, lane 4·g + t holds rows 16w + g and 16w + g + 8, columns 8n + 2t and + 1 as sums[n][0…1] and [2…3].
namespace hies::cuda {

constexpr int kPanel = 64;  // columns

// Where element (row, column) of a tile stands.
template <int kRows>
__device__ int swizzled(int row, int column) {
  return column / kPanel * kRows * kPanel + row * kPanel + ((column % kPanel / 8) ^ (row % 8)) * 8 + column % 8;
}

// An address that all lanes have in common, as the compiler is to know.
__device__ inline std::uint32_t uniform(std::uint32_t address) { return __shfl_sync(0xffffffffu, address, 0); }

// What tells wgmma where an operand is: address, distance of panels (only where columns are the product's width), distance of groups of
// eight rows, and the kind of swizzle; distances in units of 16 bytes.
struct Operand {
  std::uint32_t low;

  __device__ explicit Operand(std::uint32_t address, int panel_bytes = 16)
      : low((address & 0x3ffff) >> 4 | static_cast<std::uint32_t>(panel_bytes >> 4) << 16) {}
  // So many units of 16 bytes behind it.
  __device__ Operand behind(int units) const {
    Operand result = *this;
    result.low += units;
    return result;
  }
  __device__ std::uint64_t word() const {
    constexpr std::uint64_t kEightRows = 8 * 2 * kPanel / 16, kSwizzle128 = 1;
    return kSwizzle128 << 62 | kEightRows << 32 | low;
  }
};

// Before the first product that uses registers which were written since; then products, then close_products; finish_products<N> waits
// until at most the last N groups run.
__device__ inline void order_registers() { asm volatile("wgmma.fence.sync.aligned;\n" ::: "memory"); }
__device__ inline void close_products() { asm volatile("wgmma.commit_group.sync.aligned;\n" ::: "memory"); }
template <int N>
__device__ void finish_products() {
  asm volatile("wgmma.wait_group.sync.aligned %0;\n" ::"n"(N) : "memory");
}
// Keeps the compiler from using results before they are there.
template <int N>
__device__ void pin(float (&sums)[N][4]) {
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

// sums (+)= left · rightᵀ, both tiles in shared memory, 16 columns of each.
#define HIES_ROWS_BY_ROWS(type, width, count, left, right, add)                                               \
  asm volatile("{.reg .pred p; setp.ne.b32 p, " add                                                           \
               ", 0;\n"                                                                                       \
               "wgmma.mma_async.sync.aligned.m64n" #width "k16.f32." type "." type " " HIES_REGISTERS_##count \
               ", " left ", " right ", p, 1, 1, 0, 0;}\n"                                                     \
               : HIES_SUMS_##count(sums)                                                                      \
               : "l"(left_operand.word()), "l"(right_operand.word()), "n"(kAdd ? 1 : 0))
template <class T, bool kAdd, int N>
__device__ void multiply_rows(float (&sums)[N][4], Operand left_operand, Operand right_operand) {
  static_assert(N == 8 || N == 16);
  constexpr bool kB = std::is_same_v<T, bf16>;
  if constexpr (N == 8 && kB) HIES_ROWS_BY_ROWS("bf16", 64, 32, "%32", "%33", "%34");
  else if constexpr (N == 8) HIES_ROWS_BY_ROWS("f16", 64, 32, "%32", "%33", "%34");
  else if constexpr (kB) HIES_ROWS_BY_ROWS("bf16", 128, 64, "%64", "%65", "%66");
  else HIES_ROWS_BY_ROWS("f16", 128, 64, "%64", "%65", "%66");
}

// sums += left · right, left 16 columns in registers (four of mma.sync's left operands, a warp each), right 16 rows of a tile.
#define HIES_REGISTERS_BY_COLUMNS(type, width, count, left, right)                                                        \
  asm volatile(                                                                                                           \
      "{.reg .pred p; setp.eq.b32 p, 0, 0;\n"                                                                             \
      "wgmma.mma_async.sync.aligned.m64n" #width "k16.f32." type "." type " " HIES_REGISTERS_##count ", " left ", " right \
                                                                                                     ", p, 1, 1, 1;}\n"   \
      : HIES_SUMS_##count(sums)                                                                                           \
      : "r"(left_operand[0]), "r"(left_operand[1]), "r"(left_operand[2]), "r"(left_operand[3]), "l"(right_operand.word()))
template <class T, int N>
__device__ void multiply_columns(float (&sums)[N][4], const std::uint32_t (&left_operand)[4], Operand right_operand) {
  static_assert(N == 8 || N == 16);
  constexpr bool kB = std::is_same_v<T, bf16>;
  if constexpr (N == 8 && kB) HIES_REGISTERS_BY_COLUMNS("bf16", 64, 32, "{%32, %33, %34, %35}", "%36");
  else if constexpr (N == 8) HIES_REGISTERS_BY_COLUMNS("f16", 64, 32, "{%32, %33, %34, %35}", "%36");
  else if constexpr (kB) HIES_REGISTERS_BY_COLUMNS("bf16", 128, 64, "{%64, %65, %66, %67}", "%68");
  else HIES_REGISTERS_BY_COLUMNS("f16", 128, 64, "{%64, %65, %66, %67}", "%68");
}

#undef HIES_REGISTERS_BY_COLUMNS
#undef HIES_ROWS_BY_ROWS
#undef HIES_SUMS_64
#undef HIES_SUMS_32
#undef HIES_ROWS_4
#undef HIES_ROW
#undef HIES_REGISTERS_64
#undef HIES_REGISTERS_32

}  // namespace hies::cuda
