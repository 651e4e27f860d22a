#pragma once

#include <cstdint>
#include <deque>
#include <span>

#include <ATen/ATen.h>
#include <c10/core/Event.h>
#include <c10/core/Stream.h>

#include "hies/ops/prefetch_order.h"

namespace hies::ops {

// Keeps weights in the machine's memory, pinned, and on the GPU only around their products: they are prefetched by a stream of their own,
// in the order of the run before. It changes no result. Used from one thread at a time.
class Offload {
 public:
  // `room`: bytes of weights that are on the GPU at once, besides one that is larger. `all`: bytes of the weights that will be added.
  Offload(std::uint64_t room, std::uint64_t all, at::Device gpu);
  ~Offload();
  Offload(const Offload&) = delete;
  Offload& operator=(const Offload&) = delete;

  // Copies a weight into pinned memory and returns its number. Throws bad_input where the machine has no room for it.
  int add(const at::Tensor& weight);
  // Returns that weight on the GPU, valid for what is put on this thread's stream before the next use().
  at::Tensor use(int which);

 private:
  struct Weight {
    at::Tensor pinned, on_gpu;  // on_gpu is undefined while the weight is not on the GPU
    c10::Event copied;          // recorded when on_gpu equals pinned
    bool awaited = true;        // the thread's stream has waited for that event
    std::uint64_t used = 0;     // number of the last use
  };
  Weight& weight(int which) { return weights_[static_cast<std::size_t>(which)]; }
  at::Tensor pinned_place(std::uint64_t bytes);
  void await(Weight& weight, const c10::Stream& stream);
  void drop(Weight& weight, const c10::Stream& stream);
  void make_room(std::span<const int> wanted, const c10::Stream& stream);
  void prefetch(std::span<const int> wanted, const c10::Stream& stream);

  std::uint64_t room_, still_to_come_;
  at::Device gpu_;
  c10::Stream copies_;
  at::Tensor block_;  // pinned bytes that weights are put into
  std::int64_t block_used_ = 0;
  std::deque<Weight> weights_;
  std::uint64_t on_gpu_bytes_ = 0, uses_ = 0;
  PrefetchOrder order_;
};

}  // namespace hies::ops
