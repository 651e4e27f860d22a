#include "hies/model/device.h"

#include <dlfcn.h>

#include <ATen/Context.h>
#include <c10/core/CachingDeviceAllocator.h>

#include "hies/base/error.h"
#include "hies/base/suggest.h"
#include "hies/kernels/cuda/plugin.h"
#include "hies/model/device_torch.h"

namespace hies::model {
namespace {

bool gpu_chosen = false, offload_wanted = false, fixed_order_wanted = false;

// libtorch's CUDA half registers its operators when it is opened.
void open_torch() {
  if (::dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL) == nullptr) {
    const char* text = ::dlerror();
    throw Error(
        ErrorKind::unsupported,
        std::string("--device cuda: libtorch's CUDA half cannot be opened: ") + (text == nullptr ? "unknown error" : text),
        "`make cuda` installs the libraries that it needs");
  }
  try {
    at::globalContext().lazyInitDevice(at::kCUDA);
  } catch (const c10::Error& error) {
    throw Error(ErrorKind::unsupported, std::string("--device cuda: ") + printable(error.what_without_backtrace(), 300),
                "run with --device cpu");
  }
}

// What torch's allocator counts on the GPU, of blocks of all sizes.
c10::CachingAllocator::Stat counted(c10::CachingAllocator::StatArray c10::CachingDeviceAllocator::DeviceStats::*what) {
  const auto stats = at::getDeviceAllocator(at::kCUDA)->getDeviceStats(0);
  return (stats.*what)[static_cast<std::size_t>(c10::CachingAllocator::StatType::AGGREGATE)];
}

c10::CachingAllocator::Stat allocated() { return counted(&c10::CachingDeviceAllocator::DeviceStats::allocated_bytes); }

}  // namespace

void set_device(const std::string& name) {
  if (name != "cpu" && name != "cuda")
    throw Error(ErrorKind::bad_input, fmt::format("unknown device '{}'", printable(name)),
                known_names_hint(name, std::vector<std::string>{"cpu", "cuda"}));
  if (name == "cuda" && !gpu_chosen) {
    kernels::cuda::plugin();
    open_torch();
  }
  gpu_chosen = name == "cuda";
}

void check_gpu_computes(ComputeType type) {
  if (type == ComputeType::float64)
    throw Error(ErrorKind::unsupported, "--device cuda computes in float32, tf32 or bfloat16, not in float64",
                "run float64 with --device cpu");
}

void set_tf32(bool allowed) { at::globalContext().setAllowTF32CuBLAS(allowed); }

void set_deterministic(bool wanted) { fixed_order_wanted = wanted; }
bool deterministic() noexcept { return fixed_order_wanted; }

void set_offload(bool wanted) { offload_wanted = wanted; }

bool offloads() noexcept { return gpu_chosen && offload_wanted; }

bool on_gpu() noexcept { return gpu_chosen; }

at::Device compute_device() { return gpu_chosen ? at::Device(at::kCUDA, 0) : at::Device(at::kCPU); }

at::Tensor brought(const at::Tensor& tensor, at::Device device) {
  if (!device.is_cuda() || !tensor.is_cpu()) return tensor.to(device);
  return tensor.pin_memory().to(device, tensor.scalar_type(), /*non_blocking=*/true);
}

std::uint64_t free_gpu_memory() {
  std::uint64_t free = 0, all = 0;
  kernels::cuda::check_call(kernels::cuda::plugin().memory(&free, &all), "asking for the GPU's memory");
  // What torch holds and no tensor uses is free, too.
  const auto reserved = counted(&c10::CachingDeviceAllocator::DeviceStats::reserved_bytes);
  return free + static_cast<std::uint64_t>(reserved.current) - gpu_bytes();
}

std::uint64_t gpu_bytes() { return static_cast<std::uint64_t>(allocated().current); }
std::uint64_t gpu_peak_bytes() { return static_cast<std::uint64_t>(allocated().peak); }

void restart_gpu_peak() { at::getDeviceAllocator(at::kCUDA)->resetPeakStats(0); }

}  // namespace hies::model
