#pragma once

#include <cstdint>
#include <string>

namespace hies::engine {

// What a model is computed in.
enum class ComputeType { float32, bfloat16, float64 };

// Returns the bytes of one number.
constexpr int bytes_of(ComputeType type) noexcept {
  return type == ComputeType::float64 ? 8 : type == ComputeType::float32 ? 4 : 2;
}

// Where a model is computed: the processor, or an NVIDIA GPU by its number.
struct Device {
  enum class Kind { cpu, cuda };
  Kind kind = Kind::cpu;
  int index = 0;
  bool is_cuda() const noexcept { return kind == Kind::cuda; }
  bool operator==(const Device&) const = default;
};

// How a model is run: a value that Model::load takes and the model keeps. Models with different ones live in one process.
struct ExecutionOptions {
  std::string device = "cpu";
  std::string dtype = "float32";
  bool deterministic = false;
  std::int64_t threads = 0;
  std::string memory = {};
  bool offload = false;

  template <class V, class Self>
  static void fields(V& v, Self& self) {
    v("device", self.device, "where to compute: cpu, or cuda (one NVIDIA GPU; `make cuda` builds its plug-in)");
    v("dtype", self.dtype,
      "computation type: float32, bfloat16 or float64; on a GPU also tf32: float32 with TF32 matrix products (11-bit mantissa)");
    v("deterministic", self.deterministic,
      "on a GPU, in bfloat16: sum gradients of sequences of 256 tokens and more in one fixed order, so that scores are the same "
      "in "
      "every run; slower");
    v("threads", self.threads, "threads to compute with; 0: one per core");
    v("memory", self.memory,
      "memory budget for weights and for what scoring keeps, as 12GiB; changes no result but by rounding on a GPU (default: four "
      "fifths of the machine's, or what is free on the GPU)");
    v("offload", self.offload,
      "on a GPU, for weights larger than its memory: they stay in the machine's, pinned, and are prefetched before their "
      "products; "
      "changes no result");
  }
};

// ExecutionOptions, read.
struct Execution {
  Device device;
  ComputeType type = ComputeType::float32;
  bool tf32 = false;  // float32 matrix products of a GPU are in TF32
  bool deterministic = false;
  int threads = 1;
  std::uint64_t memory = 0;  // bytes; 0: what there is
  bool offload = false;      // on a GPU
};

// Throws bad_input for an unknown device, dtype or memory size, for threads below 0, and for options of a GPU without one; unsupported
// for float64 on a GPU. For refusal before long work: touches no device.
Execution resolve(const ExecutionOptions& options);

// Returns the computation type of a dtype option: "tf32" is float32. Throws bad_input.
ComputeType parse_compute_type(const std::string& name);

// Returns options that differ from the defaults in the computation type only.
ExecutionOptions in_type(ComputeType type);

}  // namespace hies::engine
