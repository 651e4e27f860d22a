#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "hies/base/json.h"
#include "hies/base/progress.h"
#include "hies/engine/execution.h"

// Whole passes of a checkpoint on a GPU, over random tokens.
namespace hies::cli {

struct GpuBenchOptions {
  std::int64_t sequences = 32;
  std::int64_t tokens = 128;  // of each sequence
  std::int64_t repeats = 10;
  std::int64_t masks = 0;

  template <class V, class Self>
  static void fields(V& v, Self& self) {
    v("sequences", self.sequences, "cuda: sequences of the batch");
    v("tokens", self.tokens, "cuda: tokens of each sequence");
    v("repeats", self.repeats, "cuda: runs that are timed, after two that are not");
    v("masks", self.masks, "cuda: also evaluate so many random masks, together and one by one");
  }
};

struct GpuTiming {
  double median_ms = 0, least_ms = 0, most_ms = 0;
};

struct GpuBench {
  std::int64_t weights_bytes = 0;            // on the GPU between batches
  std::int64_t peak_bytes = 0;               // with the batch
  GpuTiming score;                           // HIS and AE of one batch
  GpuTiming forward;                         // the answers alone
  std::vector<std::vector<double>> his, ae;  // [L][H], of the batch
  // Masks per second, three tenths of the heads left out at random.
  std::optional<double> masks_together, masks_alone;
};

// Throws what Checkpoint::open and Model::load throw; bad_input for counts below 1.
GpuBench bench_gpu(const std::filesystem::path& model, const engine::ExecutionOptions& execution, const GpuBenchOptions& options,
                   Progress& progress);

Json to_json(const GpuBench& bench);

}  // namespace hies::cli
