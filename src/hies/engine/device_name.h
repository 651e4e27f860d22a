#pragma once

#include <string>

#include "hies/engine/execution.h"

namespace hies::engine {

// Returns what the maker calls the processor or GPU: "AMD EPYC 7763 64-Core Processor", "NVIDIA H100". Where the system does not say it
// of a processor: its architecture, as "aarch64". Throws unsupported for a GPU that cannot be used.
std::string device_name(const Device& device);

}  // namespace hies::engine
