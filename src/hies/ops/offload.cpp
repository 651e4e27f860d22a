#include "hies/ops/offload.h"

#include <algorithm>
#include <vector>

#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include "hies/base/error.h"

namespace hies::ops {
namespace {

// Weights that are prefetched: a layer and more of every family.
constexpr std::size_t kAhead = 8;

// Torch rounds each piece of pinned memory up to a power of two, so weights share large ones.
constexpr std::uint64_t kBlock = std::uint64_t{1} << 30, kAlignment = 512;

std::uint64_t rounded(std::uint64_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

c10::Stream current(at::Device gpu) { return c10::impl::VirtualGuardImpl(gpu.type()).getStream(gpu); }

}  // namespace

Offload::Offload(std::uint64_t room, std::uint64_t all, at::Device gpu)
    : room_(room),
      still_to_come_(all),
      gpu_(gpu),
      copies_(c10::impl::VirtualGuardImpl(gpu.type()).getStreamFromGlobalPool(gpu)) {}

Offload::~Offload() {
  try {
    const c10::Stream stream = current(gpu_);
    for (Weight& each : weights_) drop(each, stream);
  } catch (const c10::Error&) {  // the GPU has failed, and what was on it is lost
  }
}

at::Tensor Offload::pinned_place(std::uint64_t bytes) {
  if (static_cast<std::uint64_t>(block_.defined() ? block_.numel() - block_used_ : 0) < bytes) {
    const auto size = static_cast<std::int64_t>(std::max(bytes, std::min(kBlock, still_to_come_)));
    try {
      block_ = at::empty({size}, at::TensorOptions().dtype(at::kByte).pinned_memory(true));
    } catch (const c10::Error&) {
      throw Error(ErrorKind::bad_input,
                  fmt::format("`offload`: the machine has no {} MiB of memory to pin for weights", size >> 20),
                  "try `dtype` bfloat16, or a machine with more memory");
    }
    block_used_ = 0;
  }
  at::Tensor place = block_.narrow(0, block_used_, static_cast<std::int64_t>(bytes));
  block_used_ += static_cast<std::int64_t>(bytes);
  still_to_come_ -= std::min(still_to_come_, bytes);
  return place;
}

int Offload::add(const at::Tensor& weight) {
  const std::uint64_t bytes = weight.nbytes();
  at::Tensor pinned =
      pinned_place(rounded(bytes)).narrow(0, 0, static_cast<std::int64_t>(bytes)).view(weight.scalar_type()).view(weight.sizes());
  pinned.copy_(weight);
  weights_.push_back({std::move(pinned), {}, c10::Event(gpu_.type())});
  return static_cast<int>(weights_.size()) - 1;
}

at::Tensor Offload::use(int which) {
  if (which == order_.last() && weight(which).on_gpu.defined()) return weight(which).on_gpu;
  order_.used(which);
  weight(which).used = ++uses_;
  // This one, and as many of those expected next as fit.
  std::vector<int> wanted = {which};
  std::uint64_t bytes = weight(which).pinned.nbytes();
  for (const int next : order_.next(kAhead)) {
    if (std::find(wanted.begin(), wanted.end(), next) != wanted.end()) continue;
    bytes += weight(next).pinned.nbytes();
    if (bytes > room_) break;
    wanted.push_back(next);
  }
  const c10::Stream stream = current(gpu_);
  make_room(wanted, stream);
  prefetch(wanted, stream);
  await(weight(which), stream);
  return weight(which).on_gpu;
}

void Offload::await(Weight& weight, const c10::Stream& stream) {
  if (!weight.awaited) weight.copied.block(stream);
  weight.awaited = true;
}

// The memory goes back to the pool of the thread's stream, which must have waited for the end of the copy before.
void Offload::drop(Weight& weight, const c10::Stream& stream) {
  if (!weight.on_gpu.defined()) return;
  await(weight, stream);
  weight.on_gpu.reset();
  on_gpu_bytes_ -= weight.pinned.nbytes();
}

// Drops what was used longest ago until the wanted ones fit: a backward pass needs first what was used last.
void Offload::make_room(std::span<const int> wanted, const c10::Stream& stream) {
  std::uint64_t bytes = on_gpu_bytes_;
  for (const int each : wanted) bytes += weight(each).on_gpu.defined() ? 0 : weight(each).pinned.nbytes();
  if (bytes <= room_) return;
  std::vector<Weight*> others;
  for (std::size_t i = 0; i < weights_.size(); ++i)
    if (weights_[i].on_gpu.defined() && std::find(wanted.begin(), wanted.end(), static_cast<int>(i)) == wanted.end())
      others.push_back(&weights_[i]);
  std::sort(others.begin(), others.end(), [](const Weight* a, const Weight* b) { return a->used < b->used; });
  for (Weight* each : others) {
    if (bytes <= room_) return;
    bytes -= each->pinned.nbytes();
    drop(*each, stream);
  }
}

// Copies write to memory of the thread's stream, so they wait for the work that was put on that stream until now.
void Offload::prefetch(std::span<const int> wanted, const c10::Stream& stream) {
  c10::Event until_now(gpu_.type());
  for (const int each : wanted) {
    Weight& coming = weight(each);
    if (coming.on_gpu.defined()) continue;
    coming.on_gpu = at::empty(coming.pinned.sizes(), coming.pinned.options().device(gpu_));
    on_gpu_bytes_ += coming.pinned.nbytes();
    until_now.recordOnce(stream);
    until_now.block(copies_);
    {
      const c10::StreamGuard guard(copies_);
      coming.on_gpu.copy_(coming.pinned, /*non_blocking=*/true);
    }
    coming.copied.record(copies_);
    coming.awaited = false;
  }
}

}  // namespace hies::ops
