#include "hies/engine/gpu.h"

#include <dlfcn.h>

#include <mutex>

#include <ATen/Context.h>
#include <c10/core/CachingDeviceAllocator.h>

#include "hies/base/error.h"
#include "hies/kernels/cuda/plugin.h"

namespace hies::engine {
namespace {

// Opens libtorch's CUDA half, which registers its operators then.
void open_torch() {
  if (::dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL) == nullptr) {
    const char* text = ::dlerror();
    throw Error(
        ErrorKind::unsupported,
        std::string("`device` cuda: libtorch's CUDA half cannot be opened: ") + (text == nullptr ? "unknown error" : text),
        "`make cuda` installs the libraries that it needs");
  }
  try {
    at::globalContext().lazyInitDevice(at::kCUDA);
  } catch (const c10::Error& error) {
    throw Error(ErrorKind::unsupported, std::string("`device` cuda: ") + printable(error.what_without_backtrace(), 300),
                "run with `device` cpu");
  }
}

// Returns what torch's allocator counts on the GPU, over blocks of all sizes.
c10::CachingAllocator::Stat counted(const Device& gpu,
                                    c10::CachingAllocator::StatArray c10::CachingDeviceAllocator::DeviceStats::*what) {
  const auto stats = at::getDeviceAllocator(at::kCUDA)->getDeviceStats(static_cast<c10::DeviceIndex>(gpu.index));
  return (stats.*what)[static_cast<std::size_t>(c10::CachingAllocator::StatType::AGGREGATE)];
}

c10::CachingAllocator::Stat allocated(const Device& gpu) {
  return counted(gpu, &c10::CachingDeviceAllocator::DeviceStats::allocated_bytes);
}

}  // namespace

void open_device(const Device& device) {
  if (!device.is_cuda()) return;
  static std::once_flag once;
  std::call_once(once, [] {
    kernels::cuda::plugin();
    open_torch();
  });
}

std::uint64_t free_memory(const Device& gpu) {
  std::uint64_t free = 0, all = 0;
  kernels::cuda::check_call(kernels::cuda::plugin().memory(&free, &all), "asking for the GPU's memory");
  const auto reserved = counted(gpu, &c10::CachingDeviceAllocator::DeviceStats::reserved_bytes);
  return free + static_cast<std::uint64_t>(reserved.current) - tensor_bytes(gpu);
}

std::uint64_t tensor_bytes(const Device& gpu) { return static_cast<std::uint64_t>(allocated(gpu).current); }
std::uint64_t peak_tensor_bytes(const Device& gpu) { return static_cast<std::uint64_t>(allocated(gpu).peak); }

void restart_peak(const Device& gpu) {
  at::getDeviceAllocator(at::kCUDA)->resetPeakStats(static_cast<c10::DeviceIndex>(gpu.index));
}

}  // namespace hies::engine
