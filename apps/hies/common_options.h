#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hies::cli {

// Help texts of MODEL and --task, for every command that has them.
inline constexpr std::string_view kModelHelp = "a Hugging Face checkpoint directory";
inline constexpr std::string_view kTaskHelp = "task of the model (`hies tasks` lists them)";

// Options of every command: how results are shown.
struct ShowOptions {
  bool json = false;
  bool quiet = false;

  template <class V, class Self>
  static void fields(V& v, Self& self) {
    v("json", self.json, "one JSON document on standard output instead of a table");
    v("quiet", self.quiet, "no progress bar, and no table where a file is written");
  }
};

// Options of every command that writes a result.
struct WriteOptions {
  std::string output;
  bool force = false;

  template <class V, class Self>
  static void fields(V& v, Self& self) {
    v("output", self.output, "where the result is written");
    v("force", self.force, "overwrite what is there");
  }
};

// Options of every command that runs a model.
struct ComputeOptions {
  std::string device = "cpu";
  std::string dtype = "float32";
  bool deterministic = false;
  std::int64_t threads = 0;
  std::string memory;
  bool offload = false;

  template <class V, class Self>
  static void fields(V& v, Self& self) {
    v("device", self.device, "where to compute: cpu, or cuda (one NVIDIA GPU; `make cuda` builds its plug-in)");
    v("dtype", self.dtype,
      "computation type: float32, bfloat16 or float64; on a GPU also tf32: float32 with TF32 matrix products (11-bit mantissa)");
    v("deterministic", self.deterministic,
      "on a GPU, in bfloat16: sum the gradients of texts of 256 tokens and more in a fixed order, so that scores are the same "
      "in every run; slower");
    v("threads", self.threads, "threads to compute with; 0: one per core");
    v("memory", self.memory,
      "memory budget for weights and kept activations, as 12GiB; on a GPU it may change the rounding of results "
      "(default: four fifths of the machine's memory, or what is free on the GPU)");
    v("offload", self.offload,
      "on a GPU, for weights larger than its memory: keep them in pinned host memory and prefetch them layer by layer; does "
      "not change results");
  }
};

// Sets the device, the number of threads and the memory budget. Throws bad_input for values out of range and combinations that do
// not exist.
void apply(const ComputeOptions& options);

}  // namespace hies::cli
