#pragma once

#include <filesystem>
#include <string>

#include "hies/arch/checkpoint.h"
#include "hies/base/progress.h"
#include "hies/formats/stored_tensor.h"
#include "hies/prune/plan.h"

namespace hies::prune {

struct SurgeryOptions {
  bool keep_shapes = false;
  std::string max_shard_size = "5GB";

  template <class V, class Self>
  static void fields(V& v, Self& self) {
    v("keep_shapes", self.keep_shapes,
      "zero the output projection of removed heads instead of cutting: loads everywhere, saves nothing");
    v("max_shard_size", self.max_shard_size, "largest weight file, with its unit: 500MB, 5GB, …");
  }
};

// Writes the checkpoint that `plan` leaves of `source` into `folder`, an existing empty folder (an AtomicDirectory's): slices of the
// removed units (model::unit_slices) cut out of the tensors, every other tensor byte for byte, config.json (pruned_config.h), all other
// files of the directory copied. Knows no family. `note`: Markdown that is appended to README.md. `instead`: tensors, in the shapes of
// the result, that are written in the place of the source's.
// Throws as check_plan does; bad_input for NaN or infinity in a weight; io.
void write_pruned(const arch::Checkpoint& source, const Plan& plan, const SurgeryOptions& options, const std::string& note,
                  const std::filesystem::path& folder, Progress& progress, const formats::TensorMap& instead = {});

}  // namespace hies::prune
