#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hies::cli {

// What MODEL and --task are, in every command that has them.
inline constexpr std::string_view kModelHelp = "a Hugging Face checkpoint directory";
inline constexpr std::string_view kTaskHelp = "what the model is asked to do (`hies tasks` lists them)";

// How results are shown. For every command.
struct ShowOptions {
  bool json = false;
  bool quiet = false;

  template <class V, class Self>
  static void fields(V& v, Self& self) {
    v("json", self.json, "one JSON document on standard output instead of a table");
    v("quiet", self.quiet, "no progress bar, and no table where a file is written");
  }
};

// What may be done to a result that exists.
struct WriteOptions {
  std::string output;
  bool force = false;

  template <class V, class Self>
  static void fields(V& v, Self& self) {
    v("output", self.output, "where the result is written");
    v("force", self.force, "overwrite what is there");
  }
};

// How the model is run.
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
      "computation type: float32, bfloat16 or float64; on a GPU also tf32: float32 whose products are of numbers with 11 bits "
      "of mantissa");
    v("deterministic", self.deterministic,
      "on a GPU, in bfloat16: add up gradients of texts of 256 tokens and more in one fixed order, so that scores are the same "
      "in "
      "every run; slower");
    v("threads", self.threads, "threads to compute with; 0: one per core");
    v("memory", self.memory,
      "memory that weights, and what scoring keeps, are planned for, as 12GiB; changes no result but by rounding on a GPU "
      "(default: four fifths of the "
      "machine's, or what is free on the GPU)");
    v("offload", self.offload,
      "on a GPU, for weights larger than its memory: they stay in the machine's, pinned, and are copied ahead of their "
      "products; "
      "changes no result");
  }
};

// Sets the device, the number of threads and the memory. Throws bad_input for what cannot be.
void apply(const ComputeOptions& options);

}  // namespace hies::cli
