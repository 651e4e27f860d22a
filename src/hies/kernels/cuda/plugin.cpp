#include "hies/kernels/cuda/plugin.h"

#include <dlfcn.h>

#include <cstdlib>
#include <string>

#include "hies/base/error.h"

namespace hies::kernels::cuda {
namespace {

constexpr const char* kFile = "libhies_cuda.so";
constexpr int kNoDevice = 100;  // cudaErrorNoDevice

[[noreturn]] void refuse(const std::string& what, const std::string& hint) {
  throw Error(ErrorKind::unsupported, "`device` cuda: " + what, hint);
}

std::string last_error() {
  const char* text = ::dlerror();
  return text == nullptr ? "unknown error" : text;
}

void* open_file() {
  const char* given = std::getenv("HIES_CUDA_PLUGIN");
  void* handle = ::dlopen(given == nullptr || *given == '\0' ? kFile : given, RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr)
    refuse("the CUDA plug-in cannot be opened: " + last_error(),
           "`make cuda` builds it and installs the libraries that it needs; HIES_CUDA_PLUGIN names it where it lies elsewhere");
  return handle;
}

template <class Function>
void find(void* handle, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(handle, name));
  if (function == nullptr) refuse(std::string("the CUDA plug-in lacks ") + name, "build it again with `make cuda`");
}

void check_gpu(const Plugin& plugin) {
  int count = 0, capability = 0;
  const int error = plugin.device_count(&count);
  if (error == kNoDevice || (error == 0 && count == 0))
    refuse("this machine has no NVIDIA GPU that it may use", "is CUDA_VISIBLE_DEVICES empty? Run with `device` cpu");
  if (error != 0)
    refuse(std::string("no usable NVIDIA driver: ") + plugin.error_text(error),
           "install the driver of CUDA 13 (580 or newer); `nvidia-smi` shows what is there. Or run with `device` cpu");
  check_call(plugin.capability(0, &capability), "querying the GPU's compute capability");
  if (!runs_on(capability))
    refuse(fmt::format("the GPU has compute capability {}.{}, and the plug-in has kernels for 8.0 and 9.0", capability / 10,
                       capability % 10),
           "run with `device` cpu");
}

Plugin open() {
  void* handle = open_file();
  Plugin plugin{};
  find(handle, "hies_cuda_abi", plugin.abi);
  if (const int abi = plugin.abi(); abi != HIES_CUDA_ABI)
    refuse(fmt::format("the CUDA plug-in is of version {}, but this program needs version {}", abi, HIES_CUDA_ABI),
           "build it again with `make cuda`");
  find(handle, "hies_cuda_error_text", plugin.error_text);
  find(handle, "hies_cuda_device_count", plugin.device_count);
  find(handle, "hies_cuda_capability", plugin.capability);
  find(handle, "hies_cuda_memory", plugin.memory);
  find(handle, "hies_cuda_attention_forward", plugin.attention_forward);
  find(handle, "hies_cuda_attention_backward", plugin.attention_backward);
  find(handle, "hies_cuda_sequence_sums", plugin.sequence_sums);
  find(handle, "hies_cuda_sequence_squares", plugin.sequence_squares);
  find(handle, "hies_cuda_norm_forward", plugin.norm_forward);
  find(handle, "hies_cuda_norm_backward", plugin.norm_backward);
  find(handle, "hies_cuda_rotate", plugin.rotate);
  find(handle, "hies_cuda_gated", plugin.gated);
  find(handle, "hies_cuda_gated_backward", plugin.gated_backward);
  find(handle, "hies_cuda_copy_rows", plugin.copy_rows);
  find(handle, "hies_cuda_summarise_logits", plugin.summarise_logits);
  find(handle, "hies_cuda_logits_gradient", plugin.logits_gradient);
  return plugin;
}

// Returns the opened plug-in before the GPU is checked, because check_call needs its error texts.
const Plugin& opened() {
  static const Plugin plugin = open();
  return plugin;
}

}  // namespace

const Plugin& plugin() {
  static const bool checked = [] {
    check_gpu(opened());
    return true;
  }();
  static_cast<void>(checked);
  return opened();
}

// GPUs of 8.6 and 8.9 could run the code for sm_80, but have too little shared memory for its tiles. Code for sm_90a runs on 9.0
// alone.
bool runs_on(int capability) noexcept { return capability == 80 || capability == 87 || capability == 90; }

void check_call(int error, std::string_view what) {
  if (error == 0) return;
  throw Error(ErrorKind::internal, fmt::format("CUDA failed while {}: {} (error {})", what, opened().error_text(error), error));
}

}  // namespace hies::kernels::cuda
