#pragma once

#include <cuda.h>

#include "hies/kernels/cuda/device/barrier.cuh"
#include "hies/kernels/cuda/device/sequence.cuh"
#include "hies/kernels/cuda/device/wgmma.cuh"

// The forward pass for sm_90a: its tile sizes, the order of its blocks, and the pipeline that loads keys and values into shared
// memory.
namespace hies::cuda {

// Tile sizes by padded head size. A block has kGroups warpgroups of 64 queries each. Small heads use many small blocks per
// multiprocessor, of which one multiplies while another waits. Large heads have registers for one block only, which overlaps its
// own products (kOverlap): those of one tile run while the softmax of the next is computed.
template <int D>
struct TileConfig;
template <>
struct TileConfig<64> {
  static constexpr int kGroups = 1, kKeys = 64, kStages = 2, kBlocksPerSm = 5;
  static constexpr bool kOverlap = false;
};
template <>
struct TileConfig<128> {
  static constexpr int kGroups = 2, kKeys = 128, kStages = 3, kBlocksPerSm = 1;
  static constexpr bool kOverlap = true;
};
template <int D>
constexpr int kQueries = 64 * TileConfig<D>::kGroups;
template <int D>
constexpr int kThreads = 128 * TileConfig<D>::kGroups;

// Assigns blocks to tiles of queries and heads. Tiles with the most keys (under a causal mask the last ones) come first. Heads
// are taken heads_at_once at a time, as many as have room for their keys and values in the L2 cache.
struct TileScheduler {
  int tiles, heads, heads_at_once;

  struct Tile {
    int tile, head;
  };
  __device__ Tile tile_of(int block) const {
    const int first = block / (tiles * heads_at_once) * heads_at_once, count = min(heads_at_once, heads - first);
    const int rest = block - first * tiles;
    return {tiles - 1 - rest / count, first + rest % count};
  }
};

// The ring of pipeline stages of the keys, or of the values.
template <class T, int D>
struct StageRing {
  static constexpr int kStages = TileConfig<D>::kStages;
  T tile[kStages][TileConfig<D>::kKeys * D];
  StageBarriers<kStages> barriers;
};
template <class T, int D>
struct SharedMemory {
  T queries[TileConfig<D>::kGroups][64 * D];
  alignas(1024) StageRing<T, D> keys, values;
};
// Dynamic shared memory need not start at a multiple of 1024, so the kernel aligns it itself.
template <class T, int D>
constexpr std::size_t kSharedBytes = sizeof(SharedMemory<T, D>) + 1024;

struct TmaDescriptors {
  CUtensorMap keys, values;
  int usable;  // 0: TMA does not support the layout of these rows
};

#ifdef __CUDA_ARCH_FEAT_SM90_ALL

// Starts copying `count` rows from token `first` on into a swizzled tile of kRows rows, with `threads` threads. The rest of the
// tile becomes zero.
template <class T, int D, int kRows>
__device__ void copy_swizzled_tile(T* tile, const hies_cuda_rows& rows, long long first, int count, int head, int head_dim,
                                   bool aligned, int thread, int threads) {
  if (aligned) {
#pragma unroll 2
    for (int i = thread; i < kRows * (D / 8); i += threads) {
      const int row = i / (D / 8), column = i % (D / 8) * 8;
      const bool in_range = row < count && column < head_dim;
      copy16(tile + swizzled<kRows>(row, column), row_of<T>(rows, first + (in_range ? row : 0), head) + (in_range ? column : 0),
             in_range);
    }
  } else {
    for (int i = thread; i < kRows * D; i += threads) {
      const int row = i / D, column = i % D;
      const bool in_range = row < count && column < head_dim;
      tile[swizzled<kRows>(row, column)] = in_range ? row_of<T>(rows, first + row, head)[column] : from_float<T>(0.f);
    }
  }
}
// Waits until the copies of this thread are complete, and makes them visible to wgmma.
__device__ inline void wait_swizzled_copies() {
  commit_copies();
  wait_copies<0>();
  fence_async_proxy();
}

// Loads the tiles of keys and values that a block attends to, kStages ahead of their use. Tiles are numbered from the last keys
// to the first, so that those that are masked or reach behind the last key come first. A whole tile is loaded by TMA; a partial
// one by all threads, which then synchronise at named barrier 1, because a TMA load would also read the rows behind the sequence,
// and a box must not end behind the tensor.
template <class T, int D>
struct KeyValuePipeline {
  static constexpr int kKeys = TileConfig<D>::kKeys, kStages = TileConfig<D>::kStages;
  SharedMemory<T, D>& memory;
  const TmaDescriptors& descriptors;
  const hies_cuda_forward& arguments;
  const Sequence& sequence;
  int first, tiles;  // first key of the last tile, number of tiles
  int threads, kv, head_dim;
  bool aligned;

  // Returns the first key of tile i.
  __device__ int first_key(int i) const { return first + (tiles - 1 - i) * kKeys; }

  // Loads the first tiles and, with them, the queries of this thread's warpgroup.
  __device__ void prologue(int group, int first_query, int count, int head) const {
    const int key_tiles = min(kStages, tiles), value_tiles = min(kStages - 1, tiles);
    for (int i = 0; i < key_tiles; ++i) {
      load(memory.keys, descriptors.keys, arguments.k, i);
      if (i < value_tiles) load(memory.values, descriptors.values, arguments.v, i);
    }
    copy_swizzled_tile<T, D, 64>(memory.queries[group], arguments.q, first_query, count, head, head_dim, aligned,
                                 threadIdx.x % 128, 128);
    wait_swizzled_copies();
    named_barrier_sync(1, threads);
    for (int i = 0; i < key_tiles; ++i) commit(memory.keys, i);
    for (int i = 0; i < value_tiles; ++i) commit(memory.values, i);
  }

  // Loads the tiles that take the stages of the keys of tile i−1 and the values of tile i−2. Called while the logits of tile i
  // are computed, after all warps have released those stages or will release them.
  __device__ void prefetch(int i) const {
    const int key_tile = i + kStages - 1, value_tile = key_tile - 1;
    if (i == 0 || value_tile >= tiles) return;
    if (!descriptors.usable) named_barrier_sync(1, threads);
    if (key_tile < tiles) load(memory.keys, descriptors.keys, arguments.k, key_tile);
    load(memory.values, descriptors.values, arguments.v, value_tile);
    if (descriptors.usable) return;
    wait_swizzled_copies();
    named_barrier_sync(1, threads);
    if (key_tile < tiles) commit(memory.keys, key_tile);
    commit(memory.values, value_tile);
  }

 private:
  __device__ bool uses_tma(int i) const { return descriptors.usable && sequence.keys - first_key(i) >= kKeys; }

  // Starts loading tile i into its stage.
  __device__ void load(StageRing<T, D>& ring, const CUtensorMap& descriptor, const hies_cuda_rows& rows, int i) const {
    T* tile = ring.tile[i % kStages];
    const int key = first_key(i);
    if (!uses_tma(i)) {
      copy_swizzled_tile<T, D, kKeys>(tile, rows, sequence.first_key + key, min(kKeys, sequence.keys - key), kv, head_dim,
                                      aligned, threadIdx.x, threads);
    } else if (threadIdx.x == 0) {
      ring.barriers.wait_empty(i);
      ring.barriers.full(i).arrive_expect_bytes(kKeys * D * 2);
#pragma unroll
      for (int panel = 0; panel < D / kPanel; ++panel)
        tma_load(tile + panel * kKeys * kPanel, &descriptor, ring.barriers.full(i), panel * kPanel, kv, sequence.first_key + key);
    }
  }
  // Marks the stage of tile i as full, once all threads have copied their part. TMA does so itself.
  __device__ void commit(StageRing<T, D>& ring, int i) const {
    if (threadIdx.x == 0 && !uses_tma(i)) ring.barriers.full(i).arrive();
  }
};

#endif

}  // namespace hies::cuda
