#include "hies/engine/execution.h"

#include <vector>

#include "hies/base/error.h"
#include "hies/base/suggest.h"
#include "hies/base/threads.h"
#include "hies/formats/safetensors_writer.h"

namespace hies::engine {
namespace {

Device parse_device(const std::string& name) {
  if (name == "cpu") return {};
  if (name == "cuda") return {Device::Kind::cuda, 0};
  throw Error(ErrorKind::bad_input, fmt::format("unknown device '{}'", printable(name)),
              known_names_hint(name, std::vector<std::string>{"cpu", "cuda"}));
}

}  // namespace

ComputeType parse_compute_type(const std::string& name) {
  if (name == "float32" || name == "tf32") return ComputeType::float32;
  if (name == "bfloat16") return ComputeType::bfloat16;
  if (name == "float64") return ComputeType::float64;
  throw Error(ErrorKind::bad_input, fmt::format("unknown dtype '{}'", printable(name)),
              "known: float32, bfloat16, float64, tf32");
}

ExecutionOptions in_type(ComputeType type) {
  ExecutionOptions options;
  options.dtype = type == ComputeType::float64 ? "float64" : type == ComputeType::bfloat16 ? "bfloat16" : "float32";
  return options;
}

Execution resolve(const ExecutionOptions& options) {
  constexpr std::int64_t kMostThreads = 4096;
  if (options.threads < 0 || options.threads > kMostThreads)
    bad_input("`threads` is {}, but it must be within 0 … {}", options.threads, kMostThreads);
  Execution execution;
  execution.type = parse_compute_type(options.dtype);
  execution.device = parse_device(options.device);
  if (execution.device.is_cuda() && execution.type == ComputeType::float64)
    throw Error(ErrorKind::unsupported, "`device` cuda computes in float32, tf32 or bfloat16, not in float64",
                "run float64 with `device` cpu");
  if (options.offload && !execution.device.is_cuda())
    throw Error(ErrorKind::bad_input, "`offload` is for `device` cuda",
                "on the CPU `memory` says how much of the weights stays in memory");
  execution.tf32 = options.dtype == "tf32";
  if (!execution.device.is_cuda() && (execution.tf32 || options.deterministic))
    throw Error(ErrorKind::bad_input,
                fmt::format("{} is for `device` cuda", options.deterministic ? "`deterministic`" : "`dtype` tf32"),
                options.deterministic ? "on the CPU scores are the same in every run" : "run float32 on the CPU");
  execution.deterministic = options.deterministic;
  execution.offload = options.offload;
  execution.memory = options.memory.empty() ? 0 : formats::parse_byte_size(options.memory, "`memory`");
  execution.threads = thread_count(static_cast<int>(options.threads));
  return execution;
}

}  // namespace hies::engine
