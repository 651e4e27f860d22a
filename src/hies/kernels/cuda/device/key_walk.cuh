#pragma once

#include <cuda.h>

#include "hies/kernels/cuda/device/barrier.cuh"
#include "hies/kernels/cuda/device/tiles.cuh"
#include "hies/kernels/cuda/device/wgmma.cuh"

// How the forward pass for sm_90a is cut into blocks, and how a block's keys and values come into its shared memory.
namespace hies::cuda {

// By head size, padded. A block holds 64 queries for each of kGroups warpgroups. Small heads: many small blocks, of which one multiplies
// while another waits. Large ones have registers for one block of a multiprocessor, which overlaps its own products (kOverlap).
template <int D>
struct Plan;
template <>
struct Plan<64> {
  static constexpr int kGroups = 1, kKeys = 64, kStages = 2, kBlocks = 5;
  static constexpr bool kOverlap = false;
};
template <>
struct Plan<128> {
  static constexpr int kGroups = 2, kKeys = 128, kStages = 3, kBlocks = 1;
  static constexpr bool kOverlap = true;
};
template <int D>
constexpr int kQueries = 64 * Plan<D>::kGroups;
template <int D>
constexpr int kThreads = 128 * Plan<D>::kGroups;

// The order of blocks: those that see most come first, of as many heads at a time as have room for their keys and values in the cache.
struct Order {
  int tiles, heads, heads_at_once;

  struct Place {
    int tile, head;
  };
  __device__ Place place(int block) const {
    const int first = block / (tiles * heads_at_once) * heads_at_once, here = min(heads_at_once, heads - first);
    const int rest = block - first * tiles;
    return {tiles - 1 - rest / here, first + rest % here};
  }
};

// A ring of tiles of keys, or of values.
template <class T, int D>
struct Tiles {
  static constexpr int kStages = Plan<D>::kStages;
  T tile[kStages][Plan<D>::kKeys * D];
  Ring<kStages> ring;
};
template <class T, int D>
struct Memory {
  T queries[Plan<D>::kGroups][64 * D];
  alignas(1024) Tiles<T, D> keys, values;
};
template <class T, int D>
constexpr std::size_t kSharedBytes = sizeof(Memory<T, D>) + 1024;  // dynamic memory need not begin at a multiple of 1024

struct Maps {
  CUtensorMap keys, values;
  int there;  // 0: rows that tensor copies do not take
};

#ifdef __CUDA_ARCH_FEAT_SM90_ALL

// Begins to copy `count` rows from token `first` on into a swizzled tile, by `threads` threads; the rest of the tile becomes zero.
template <class T, int D, int kRows>
__device__ void copy_rows(T* tile, const hies_cuda_rows& rows, long long first, int count, int head, int head_dim, bool aligned,
                          int thread, int threads) {
  if (aligned) {
#pragma unroll 2
    for (int i = thread; i < kRows * (D / 8); i += threads) {
      const int row = i / (D / 8), column = i % (D / 8) * 8;
      const bool there = row < count && column < head_dim;
      copy16(tile + swizzled<kRows>(row, column), row_of<T>(rows, first + (there ? row : 0), head) + (there ? column : 0), there);
    }
  } else {
    for (int i = thread; i < kRows * D; i += threads) {
      const int row = i / D, column = i % D;
      const bool there = row < count && column < head_dim;
      tile[swizzled<kRows>(row, column)] = there ? row_of<T>(rows, first + row, head)[column] : from_float<T>(0.f);
    }
  }
}
// Until what this thread copied is there, also for the tensor cores.
__device__ inline void settle_copies() {
  commit_copies();
  wait_copies<0>();
  publish_to_async();
}

// The tiles of keys that a block walks over, from the last to the first: what is masked or behind the end comes first.
template <class T, int D>
struct Walk {
  static constexpr int kKeys = Plan<D>::kKeys, kStages = Plan<D>::kStages;
  Memory<T, D>& memory;
  const Maps& maps;
  const hies_cuda_forward& arguments;
  const Sequence& sequence;
  int from, tiles, threads, kv, head_dim;
  bool aligned;

  __device__ int first_key(int i) const { return from + (tiles - 1 - i) * kKeys; }

  // The first tiles and, with them, the queries of this thread's warpgroup.
  __device__ void begin(int group, int first_query, int count, int head) const {
    const int key_tiles = min(kStages, tiles), value_tiles = min(kStages - 1, tiles);
    for (int i = 0; i < key_tiles; ++i) {
      begin(memory.keys, maps.keys, arguments.k, i);
      if (i < value_tiles) begin(memory.values, maps.values, arguments.v, i);
    }
    copy_rows<T, D, 64>(memory.queries[group], arguments.q, first_query, count, head, head_dim, aligned, threadIdx.x % 128, 128);
    settle_copies();
    meet(1, threads);
    for (int i = 0; i < key_tiles; ++i) end(memory.keys, i);
    for (int i = 0; i < value_tiles; ++i) end(memory.values, i);
  }

  // While tile i's logits are computed, and all have used the keys of tile i−1 and the values of i−2: those that take their places.
  __device__ void go_on(int i) const {
    const int key_tile = i + kStages - 1, value_tile = key_tile - 1;
    if (i == 0 || value_tile >= tiles) return;
    if (!maps.there) meet(1, threads);
    if (key_tile < tiles) begin(memory.keys, maps.keys, arguments.k, key_tile);
    begin(memory.values, maps.values, arguments.v, value_tile);
    if (maps.there) return;
    settle_copies();
    meet(1, threads);
    if (key_tile < tiles) end(memory.keys, key_tile);
    end(memory.values, value_tile);
  }

 private:
  // Only whole tiles are copied as boxes, by one thread: what stands behind a sequence must not come in, and a box may not end behind
  // the tensor. Other tiles are copied by all threads, which then meet.
  __device__ bool boxed(int i) const { return maps.there && sequence.keys - first_key(i) >= kKeys; }

  __device__ void begin(Tiles<T, D>& tiles, const CUtensorMap& map, const hies_cuda_rows& rows, int i) const {
    T* tile = tiles.tile[i % kStages];
    const int first = first_key(i);
    if (!boxed(i)) {
      copy_rows<T, D, kKeys>(tile, rows, sequence.first_key + first, min(kKeys, sequence.keys - first), kv, head_dim, aligned,
                             threadIdx.x, threads);
    } else if (threadIdx.x == 0) {
      tiles.ring.wait_empty(i);
      tiles.ring.filled(i).arrive_for(kKeys * D * 2);
#pragma unroll
      for (int panel = 0; panel < D / kPanel; ++panel)
        copy_box(tile + panel * kKeys * kPanel, &map, tiles.ring.filled(i), panel * kPanel, kv, sequence.first_key + first);
    }
  }
  __device__ void end(Tiles<T, D>& tiles, int i) const {
    if (threadIdx.x == 0 && !boxed(i)) tiles.ring.filled(i).arrive();
  }
};

#endif

}  // namespace hies::cuda
