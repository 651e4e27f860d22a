#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "hies/base/progress.h"
#include "hies/synthetic/shapes.h"

namespace hies::synthetic {

// The inputs of `hies make-checkpoint`.
struct MakeRequest {
  std::string family = "llama";
  ShapeOptions shape = {};
  std::uint64_t seed = 0;
  std::string dtype = "bfloat16";
  std::string max_shard_size = "5GB";
  std::filesystem::path output = {};
  bool force = false;

  template <class V, class Self>
  static void fields(V& v, Self& self) {
    v("family", self.family, "model family: llama, mistral, qwen2, qwen3, gpt2, bert or vit");
    ShapeOptions::fields(v, self.shape);
    v("seed", self.seed, "seed of the weights");
    v("dtype", self.dtype, "type of the stored weights: bfloat16, float16 or float32");
    v("max_shard_size", self.max_shard_size, "largest weight file: 500MB, 5GB, …");
  }
};

struct MadeCheckpoint {
  std::int64_t parameters = 0;
  std::int64_t tensor_bytes = 0;
};

// Writes a checkpoint of random weights (normal, standard deviation 0.02; norms 1) and no tokenizer, for tests of load and speed:
// its answers mean nothing. The same request gives the same bytes, whatever the number of threads. Needs memory for some pieces
// of 16 MiB only. Throws bad_input for a shape that is not possible, unsupported for a family that this version does not run, io
// where the disk is too small.
MadeCheckpoint make_checkpoint(const MakeRequest& request, Progress& progress = silent_progress());

}  // namespace hies::synthetic
