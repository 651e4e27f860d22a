#pragma once

#include <dlfcn.h>

#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

#include "hies/kernels/cuda/plugin.h"

// Device memory for tests of the plug-in's kernels, allocated by the CUDA runtime that the plug-in has loaded.
namespace hies::kernels::cuda::cases {

// The functions of the CUDA runtime, found in the library itself because tests do not link CUDA.
class Runtime {
 public:
  static const Runtime& get() {
    static const Runtime runtime;
    return runtime;
  }
  int (*malloc)(void**, std::size_t);
  int (*free)(void*);
  int (*copy)(void*, const void*, std::size_t, int kind);
  int (*synchronize)();

  static void check(int error) {
    if (error != 0) throw std::runtime_error("CUDA error " + std::to_string(error));
  }

 private:
  Runtime() {
    plugin();
    void* handle = ::dlopen("libcudart.so.13", RTLD_NOW | RTLD_NOLOAD);
    if (handle == nullptr) throw std::runtime_error("the plug-in has not loaded libcudart.so.13");
    malloc = reinterpret_cast<decltype(malloc)>(::dlsym(handle, "cudaMalloc"));
    free = reinterpret_cast<decltype(free)>(::dlsym(handle, "cudaFree"));
    copy = reinterpret_cast<decltype(copy)>(::dlsym(handle, "cudaMemcpy"));
    synchronize = reinterpret_cast<decltype(synchronize)>(::dlsym(handle, "cudaDeviceSynchronize"));
  }
};

// A copy of a vector in device memory.
template <class T>
class OnDevice {
 public:
  explicit OnDevice(const std::vector<T>& values) : size_(values.size()) {
    Runtime::check(Runtime::get().malloc(&data_, size_ * sizeof(T) + 16));
    if (size_ > 0) Runtime::check(Runtime::get().copy(data_, values.data(), size_ * sizeof(T), 1));
  }
  OnDevice(const OnDevice&) = delete;
  OnDevice& operator=(const OnDevice&) = delete;
  ~OnDevice() { Runtime::get().free(data_); }

  T* data() const { return static_cast<T*>(data_); }
  std::vector<T> values() const {
    std::vector<T> result(size_);
    Runtime::check(Runtime::get().synchronize());
    if (size_ > 0) Runtime::check(Runtime::get().copy(result.data(), data_, size_ * sizeof(T), 2));
    return result;
  }

 private:
  void* data_ = nullptr;
  std::size_t size_;
};

}  // namespace hies::kernels::cuda::cases
