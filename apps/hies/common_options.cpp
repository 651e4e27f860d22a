#include "common_options.h"

#include "hies/base/error.h"
#include "hies/formats/safetensors_writer.h"
#include "hies/kernels/parallel.h"
#include "hies/model/device.h"
#include "hies/model/model.h"

namespace hies::cli {

void apply(const ComputeOptions& options) {
  constexpr std::int64_t kMost = 4096;
  if (options.threads < 0 || options.threads > kMost)
    bad_input("--threads is {}, but it must be within 0 … {}", options.threads, kMost);
  const model::ComputeType type = model::parse_compute_type(options.dtype);
  if (options.device == "cuda") model::check_gpu_computes(type);
  if (options.offload && options.device == "cpu")
    throw Error(ErrorKind::bad_input, "--offload is for --device cuda",
                "on the CPU --memory says how much of the weights stays in memory");
  if (options.device == "cpu" && (options.dtype == "tf32" || options.deterministic))
    throw Error(ErrorKind::bad_input,
                fmt::format("{} is for --device cuda", options.deterministic ? "--deterministic" : "--dtype tf32"),
                options.deterministic ? "on the CPU scores are the same in every run" : "run float32 on the CPU");
  model::set_device(options.device);
  model::set_offload(options.offload);
  model::set_tf32(options.dtype == "tf32");
  model::set_deterministic(options.deterministic);
  kernels::wait_asleep();
  model::set_memory(options.memory.empty() ? 0 : formats::parse_byte_size(options.memory, "--memory"));
  model::set_threads(static_cast<int>(options.threads));
}

}  // namespace hies::cli
