#pragma once

#include <cstdint>

#include "hies/kernels/cuda/device/async_copy.cuh"

// Synchronisation of a pipeline on sm_90: barriers in shared memory (PTX `mbarrier`), the barriers of a ring of pipeline stages,
// named barriers, and TMA loads, which report to an mbarrier.
namespace hies::cuda {

// A barrier in shared memory. A phase completes once the expected number of threads has arrived and all expected bytes have been
// copied; then the next phase begins.
struct Barrier {
  std::uint64_t word;

  // Sets how many arrivals complete a phase.
  __device__ void init(int arrivals) { asm volatile("mbarrier.init.shared.b64 [%0], %1;\n" ::"r"(address()), "r"(arrivals)); }
  __device__ void arrive() { asm volatile("mbarrier.arrive.shared.b64 _, [%0];\n" ::"r"(address()) : "memory"); }
  // Arrives, and adds `bytes` to those that have to be copied before this phase completes.
  __device__ void arrive_expect_bytes(int bytes) {
    asm volatile("mbarrier.arrive.expect_tx.shared.b64 _, [%0], %1;\n" ::"r"(address()), "r"(bytes) : "memory");
  }
  // Waits until the phase of this parity has completed. Phases are numbered from 0; on a new barrier, waiting for parity 1
  // returns at once.
  __device__ void wait(int parity) {
    std::uint32_t done = 0;
    while (done == 0)
      asm volatile("{.reg .pred p;\nmbarrier.try_wait.parity.shared.b64 p, [%1], %2;\nselp.u32 %0, 1, 0, p;}\n"
                   : "=r"(done)
                   : "r"(address()), "r"(parity)
                   : "memory");
  }
  __device__ std::uint32_t address() const { return shared_address(this); }
};

// The barriers of a ring of kStages buffers between a producer and its consumers. Tile i uses stage i % kStages. The producer
// waits until the stage is empty, fills it and arrives at full(i); consumers wait until it is full, read it and release it.
template <int kStages>
struct StageBarriers {
  Barrier full_[kStages], empty_[kStages];

  // `consumers`: how many calls of release(i) make stage i empty.
  __device__ void init(int consumers) {
    for (int i = 0; i < kStages; ++i) full_[i].init(1), empty_[i].init(consumers);
  }
  __device__ Barrier& full(int i) { return full_[i % kStages]; }
  __device__ void wait_full(int i) { full_[i % kStages].wait(i / kStages % 2); }
  __device__ void wait_empty(int i) { empty_[i % kStages].wait(i / kStages % 2 ^ 1); }
  __device__ void release(int i) { empty_[i % kStages].arrive(); }
};

// Makes initialised barriers visible to TMA.
__device__ inline void fence_barrier_init() { asm volatile("fence.mbarrier_init.release.cluster;\n" ::: "memory"); }
// Makes earlier ordinary writes to shared memory visible to wgmma and TMA (the async proxy).
__device__ inline void fence_async_proxy() { asm volatile("fence.proxy.async.shared::cta;\n" ::: "memory"); }

__device__ inline void prefetch_descriptor(const void* descriptor) {
  asm volatile("prefetch.tensormap [%0];\n" ::"l"(descriptor) : "memory");
}
// Starts a TMA load of a box of the tensor [tokens][heads][D] that the descriptor describes. Its bytes count for `barrier`.
__device__ inline void tma_load(void* to, const void* descriptor, Barrier& barrier, int column, int head, int token) {
  asm volatile(
      "cp.async.bulk.tensor.3d.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1, {%3, %4, %5}], [%2];\n" ::"r"(
          shared_address(to)),
      "l"(descriptor), "r"(barrier.address()), "r"(column), "r"(head), "r"(token)
      : "memory");
}

// Synchronises `threads` threads of the block at a named barrier (1 … 15; 0 is that of __syncthreads).
__device__ inline void named_barrier_sync(int barrier, int threads) {
  asm volatile("bar.sync %0, %1;\n" ::"r"(barrier), "r"(threads) : "memory");
}

}  // namespace hies::cuda
