#pragma once

#include <cstdint>

#include "hies/kernels/cuda/device/mma.cuh"

// Barriers in shared memory (PTX `mbarrier`), the tensor copies of sm_90 that report to them, and a ring of places between who
// fills them and who uses them.
namespace hies::cuda {

struct Barrier {
  std::uint64_t word;

  __device__ void init(int arrivals) { asm volatile("mbarrier.init.shared.b64 [%0], %1;\n" ::"r"(address()), "r"(arrivals)); }
  __device__ void arrive() { asm volatile("mbarrier.arrive.shared.b64 _, [%0];\n" ::"r"(address()) : "memory"); }
  // Arrives, and lets this phase end only when `bytes` have been copied as well.
  __device__ void arrive_for(int bytes) {
    asm volatile("mbarrier.arrive.expect_tx.shared.b64 _, [%0], %1;\n" ::"r"(address()), "r"(bytes) : "memory");
  }
  // Until the phase of this parity has ended; of a new barrier the one "before" has.
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

// Places of a ring; the i-th use of it is of place i % kStages.
template <int kStages>
struct Ring {
  Barrier full[kStages], empty[kStages];

  __device__ void init(int users) {
    for (int i = 0; i < kStages; ++i) full[i].init(1), empty[i].init(users);
  }
  __device__ Barrier& filled(int i) { return full[i % kStages]; }
  __device__ void wait_full(int i) { full[i % kStages].wait(i / kStages % 2); }
  __device__ void wait_empty(int i) { empty[i % kStages].wait(i / kStages % 2 ^ 1); }
  __device__ void release(int i) { empty[i % kStages].arrive(); }
};

__device__ inline void publish_barriers() { asm volatile("fence.mbarrier_init.release.cluster;\n" ::: "memory"); }
// Between ordinary writes to shared memory and their use by wgmma or tensor copies.
__device__ inline void publish_to_async() { asm volatile("fence.proxy.async.shared::cta;\n" ::: "memory"); }

__device__ inline void prefetch_map(const void* map) { asm volatile("prefetch.tensormap [%0];\n" ::"l"(map) : "memory"); }
// Copies a box of a tensor [tokens][heads][D], whose size the map knows.
__device__ inline void copy_box(void* to, const void* map, Barrier& barrier, int column, int head, int token) {
  asm volatile(
      "cp.async.bulk.tensor.3d.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1, {%3, %4, %5}], [%2];\n" ::"r"(
          shared_address(to)),
      "l"(map), "r"(barrier.address()), "r"(column), "r"(head), "r"(token)
      : "memory");
}

// The `count` threads of a block that call this wait for one another.
__device__ inline void meet(int barrier, int count) { asm volatile("bar.sync %0, %1;\n" ::"r"(barrier), "r"(count) : "memory"); }

}  // namespace hies::cuda
