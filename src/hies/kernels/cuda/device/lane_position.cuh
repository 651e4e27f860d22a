#pragma once

namespace hies::cuda {

// The position of a lane in results of tensor-core products (mma.cuh, wgmma.cuh): lane 4·g + t holds rows g and g+8. Kernels
// compute it once, before their loops, and in signed numbers; both save registers.
struct LanePosition {
  int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
};

}  // namespace hies::cuda
