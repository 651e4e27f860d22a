#include "hies/engine/device_name.h"

#include <dlfcn.h>
#include <sys/utsname.h>

#include <array>
#include <fstream>

#include "hies/base/error.h"
#include "hies/engine/gpu.h"

namespace hies::engine {
namespace {

std::string processor_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("model name")) continue;
    const std::size_t begin = line.find_first_not_of(" \t:", std::string_view("model name").size());
    if (begin != std::string::npos) return line.substr(begin, line.find_last_not_of(" \t") + 1 - begin);
  }
  utsname system{};
  return ::uname(&system) == 0 ? system.machine : "unknown";
}

// Asks the driver, which libtorch has opened by then. The numbers of GPUs are those of CUDA_VISIBLE_DEVICES.
std::string gpu_name(int index) {
  void* driver = ::dlopen("libcuda.so.1", RTLD_NOW);
  const auto function = [driver](const char* name) { return driver == nullptr ? nullptr : ::dlsym(driver, name); };
  const auto init = reinterpret_cast<int (*)(unsigned)>(function("cuInit"));
  const auto get = reinterpret_cast<int (*)(int*, int)>(function("cuDeviceGet"));
  const auto name_of = reinterpret_cast<int (*)(char*, int, int)>(function("cuDeviceGetName"));
  std::array<char, 256> name{};
  int device = 0;
  if (init == nullptr || get == nullptr || name_of == nullptr || init(0) != 0 || get(&device, index) != 0 ||
      name_of(name.data(), static_cast<int>(name.size()) - 1, device) != 0)
    throw Error(ErrorKind::unsupported, "`device` cuda: the driver does not say the GPU's name", "run with `device` cpu");
  return name.data();
}

}  // namespace

std::string device_name(const Device& device) {
  if (!device.is_cuda()) return processor_name();
  open_device(device);
  return gpu_name(device.index);
}

}  // namespace hies::engine
